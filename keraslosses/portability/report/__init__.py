"""What to do about a finding, and the page of a run."""
