"""Examples of each command, shown below its help."""

EXAMPLES = {
    "bench": (
        "keraslosses bench Huber --sizes small --backends torch",
        "keraslosses bench --json --output bench.md > bench.json",
        "keraslosses bench Huber --against bench.json",
    ),
    "check": (
        "keraslosses check Huber CIoU --backends jax,torch",
        "keraslosses check my_losses.py:MyLoss --output report.html",
        'keraslosses check my_losses.py --like Dice --checks "value,hard inputs"',
    ),
    "choose": (
        "keraslosses choose boxes overlap",
        "keraslosses choose lesions --json",
    ),
    "demo": (
        "keraslosses demo --backends jax --seeds 1",
        "keraslosses demo --data mnist --output mnist.png",
    ),
    "list": (
        "keraslosses list",
        "keraslosses list Huber center_loss",
        "keraslosses list --family boxes --json",
    ),
    "migrate": (
        "keraslosses migrate train.py",
        "keraslosses migrate my_project --write",
        "keraslosses migrate study.ipynb --json",
    ),
    "plot": (
        "keraslosses plot Huber SmoothL1 --delta=0.5,1",
        "keraslosses plot Dice Tversky --alpha=0.9 --beta=0.1 --output dice.svg",
        "keraslosses plot Huber BalancedL1 SmoothL1 --SmoothL1.beta=0.5",
    ),
    "steps": (
        "keraslosses steps cnn head --backends jax",
        "keraslosses steps --size small --json",
        "keraslosses steps batch classes --output growth.png",
    ),
}


def examples_of(command: str) -> str:
    """The text below the help of a command."""
    return "\n".join(["Examples:", "", *(f"- `{example}`" for example in EXAMPLES[command])])
