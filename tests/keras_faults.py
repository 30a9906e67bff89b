"""What the checker finds in keras.losses: the faults known of Keras 3.15.1, and the page of a whole run.

`python tests/keras_faults.py` runs the checker over keras.losses and writes docs/check-keras.md. A test runs the
check of each row again.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parent.parent / "docs" / "check-keras.md"
ALL = ("tensorflow", "jax", "torch")


class Fault(NamedTuple):
    """A fault, the loss and check that show it, how the finding begins, and the backends that have it."""

    what: str
    loss: str
    check: str
    said: str
    backends: tuple[str, ...] = ALL


FAULTS = (
    Fault(
        "labels are cast to the dtype of the loss",
        "SparseCategoricalCrossentropy",
        "precision",
        "label 257 under bfloat16: 20",
    ),
    Fault("the config has no dtype", "Huber", "saving", "the config lacks `dtype`"),
    Fault(
        "one target is broadcast over a batch",
        "MeanSquaredError",
        "shapes",
        "y_true of shape (1, 7) against y_pred of shape (5, 7) is broadcast silently",
    ),
    Fault(
        "labels of shape (B, 1) meet every sample",
        "CategoricalGeneralizedCrossEntropy",
        "shapes",
        "y_true of shape (5, 1) against y_pred of shape (5, 7) is broadcast silently to (5, 5)",
    ),
    Fault(
        "a label out of range costs nothing",
        "SparseCategoricalCrossentropy",
        "hard inputs",
        "label 7 of 7 classes costs",
        ("jax",),
    ),
    Fault("one number for the whole batch", "Dice", "shapes", "one number for a batch of 5"),
    Fault("the loss of an empty batch has no value", "MeanSquaredError", "batch", "empty batch"),
    Fault(
        "a scalar weight makes a sum of `mean_with_sample_weight`",
        "MeanSquaredError",
        "weights",
        "mean_with_sample_weight with weights of shape ()",
    ),
    Fault(
        "a column of weights makes a sum of `mean_with_sample_weight` along the rows",
        "MeanSquaredError",
        "weights",
        "mean_with_sample_weight with weights of shape (3, 1) and {}: 41",
    ),
    Fault(
        "a float16 mean adds up in float16",
        "MeanSquaredError",
        "precision",
        '90,000 ones with dtype="float16": nan',
    ),
    Fault(
        "a weight of 0 leaves a NaN",
        "BinaryFocalCrossentropy",
        "weights",
        "an infinite input of weight 0",
    ),
    Fault(
        "the probability of a logit is clipped",
        "CategoricalFocalCrossentropy",
        "hard inputs",
        "value at logits of 100, wrong",
    ),
    Fault("small errors lose their digits", "LogCosh", "hard inputs", "value at an error of 1e-3"),
    Fault("two empty regions do not agree", "Dice", "hard inputs", "value at both empty"),
    Fault(
        "a true probability of 0 counts as 1e-7",
        "KLDivergence",
        "hard inputs",
        "value at one class of 1000 for certain",
    ),
    Fault("alpha and beta are swapped", "Tversky", "gradient", "gradient with {'alpha': 0.9, 'beta': 0.1}"),
    Fault(
        "an alignment that cannot be has a finite loss",
        "CTC",
        "hard inputs",
        "value at a label twice in two frames",
        ("tensorflow", "jax"),
    ),
    Fault(
        "the gradient of an alignment that cannot be is NaN",
        "CTC",
        "gradient",
        "gradient with {}: nan",
        ("torch",),
    ),
    Fault("padding by -1 counts as labels", "CTC", "value", "value with {}"),
    Fault(
        "a mask does not end the samples",
        "CTC",
        "weights",
        "a mask that ends the samples",
        ("tensorflow", "jax"),
    ),
    Fault(
        "label smoothing divides by the size of the last axis",
        "CategoricalCrossentropy",
        "value",
        "value with {'label_smoothing': 0.1, 'axis': 1",
    ),
    Fault(
        "so it does in the focal loss",
        "CategoricalFocalCrossentropy",
        "value",
        "value with {'gamma': 0.5, 'alpha': 1.0, 'label_smoothing': 0.1, 'axis': 1}",
    ),
    Fault(
        "a class ruled out makes NaN",
        "CategoricalCrossentropy",
        "hard inputs",
        "value at a logit of -inf, not the target",
    ),
    Fault("the backends differ at a kink", "Hinge", "hard inputs", "gradient at margins just reached"),
    Fault(
        "the labels are looked at while the function is traced",
        "Hinge",
        "compiled",
        "unknown batch with {}: does not compile",
        ("torch",),
    ),
    Fault(
        "logits where probabilities belong cost a number",
        "BinaryCrossentropy",
        "domain",
        "logits where probabilities belong",
    ),
    Fault(
        "float64 is computed with the digits of float32",
        "MeanSquaredError",
        "float64",
        "float64 value with {}",
        ("jax", "torch"),
    ),
    Fault(
        "no forward mode",
        "CTC",
        "transformations",
        "torch.func.jvp with {}: raises NotImplementedError",
        ("torch",),
    ),
)


def report() -> dict:
    """The run over keras.losses on every installed backend."""
    command = [sys.executable, "-m", "keraslosses", "check", "keras.losses", "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def table_of_faults() -> str:
    rows = [f"| {f.what} | `{f.loss}` | {f.check} | {', '.join(f.backends)} | {f.said} .. |" for f in FAULTS]
    return "\n".join(["| fault | loss | check | on | the finding begins |", "|---|---|---|---|---|", *rows])


def table_of_run(run: dict) -> str:
    """Losses by backends, in each cell the checks that fail."""
    backends = [name for name, version in run["backends"].items() if version]
    rows = []
    for target in dict.fromkeys(result["target"] for result in run["results"]):
        failed = {
            backend: [
                r["check"]
                for r in run["results"]
                if (r["target"], r["backend"], r["status"]) == (target, backend, "failed")
            ]
            for backend in backends
        }
        cells = " | ".join(", ".join(failed[backend]) or "–" for backend in backends)
        rows.append(f"| `{target.rpartition(':')[2]}` | {cells} |")
    head = [f"| loss | {' | '.join(backends)} |", "|---" * (len(backends) + 1) + "|"]
    return "\n".join([*head, *rows])


TEXT = """# What the checker finds in keras.losses

`python -m keraslosses check keras.losses` holds every loss that Keras exports to the formula of the loss of the same name
here. This is the run with Keras {keras} ({backends}); `--output report.html` gives the same with every input and number.

Not each finding is an accident: where Keras clips, adds an epsilon or reduces in its own way, a difference may be meant.
[](keras-differences.md) has the calls one by one, with both answers and the reason.

## Known faults, and the checks that find them

A test finds each of these again, on one of the backends in turn.

{faults}

## The whole run

What fails, by loss and backend. `options` fails wherever Keras takes an option out of range without a word, `weights` where a
weight broadcasts otherwise than from the left or a weight of 0 leaves a NaN, `saving` because no config has the dtype, and
`batch` because the loss of an empty batch is an array of shape (0,). On torch, `CTC` writes beyond its memory where labels are
below 0: the process is killed in the check of hard inputs, which is told, and its further checks are left out.

{run}
"""


def main() -> None:
    run = report()
    versions = ", ".join(f"{name} {version}" for name, version in run["backends"].items() if version)
    text = TEXT.format(keras=run["keras"], backends=versions, faults=table_of_faults(), run=table_of_run(run))
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
