"""The portability checks: tests that every loss should pass on every backend, ours and the user's."""
