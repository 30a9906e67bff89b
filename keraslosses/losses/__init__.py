"""The losses: pure maths, one family a file. Each class is a thin door to the function beside it."""
