"""`keraslosses migrate`: what to change in code that uses the losses of other libraries."""
