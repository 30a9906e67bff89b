"""A process for each backend: what runs in it, what asks it, and a run over all of them."""
