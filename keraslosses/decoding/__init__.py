"""From what a model says of every frame to the labels of the sequence."""
