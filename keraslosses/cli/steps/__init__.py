"""`python -m keraslosses steps`: measures training steps in `fit`, and how the time of a loss grows."""
