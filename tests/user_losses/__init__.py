"""Losses as users write them, one fault in each file; test_check.py says which check must find it."""
