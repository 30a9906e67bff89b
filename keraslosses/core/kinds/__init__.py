"""The kinds of inputs: how each is read, masked, silenced and weighted."""
