"""An example of each command, shown below its help."""

EXAMPLES = {
    "bench": "keraslosses bench Huber --sizes small --backend torch",
    "check": "keraslosses check my_losses.py:MyLoss --html report.html",
    "choose": "keraslosses choose boxes overlap",
    "demo": "keraslosses demo --backend jax --seeds 1",
    "list": "keraslosses list --family boxes",
    "migrate": "keraslosses migrate my_project --write",
    "plot": "keraslosses plot Huber SmoothL1 --delta=0.5,1",
}


def example_of(command: str) -> str:
    """The text below the help of a command."""
    return f"Example: `{EXAMPLES[command]}`"
