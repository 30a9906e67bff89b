"""The processes of a run, one for each backend: the worker, the requests to it, and the run over all."""
