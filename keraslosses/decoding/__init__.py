"""Decoding: finds the labels of a sequence from the outputs of a model for each frame."""
