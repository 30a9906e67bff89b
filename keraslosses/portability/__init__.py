"""The checks: what every loss must pass on every backend, for our losses and for anyone's."""
