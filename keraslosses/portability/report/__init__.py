"""The report of a run: results, causes, advice, and a web page."""
