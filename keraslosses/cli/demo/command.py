"""`python -m keraslosses demo`: trains with three losses on real digits, on every backend.

All backends start from the same weights.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from keraslosses.cli.as_json import AsJson, say_json
from keraslosses.cli.backends_option import BackendNames, chosen_backends, say_which_are_absent
from keraslosses.cli.demo.data import EPOCHS, DataName, DataUnavailable, load
from keraslosses.cli.demo.plot import Panel, save_picture
from keraslosses.cli.demo.results import LOSSES, Comparison, Result, compare_backends, table
from keraslosses.cli.names import known_name
from keraslosses.cli.output_file import checked_output
from keraslosses.portability.processes import backends
from keraslosses_child import Lost

WORKER = "keraslosses.cli.demo.worker"
PICTURE = "demo.png"

console = Console()
errors = Console(stderr=True)


def demo(
    backend_names: BackendNames = None,
    seeds: Annotated[
        int,
        typer.Option(min=1, metavar="NUMBER", help="Number of trainings per loss, each from other weights."),
    ] = 5,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="NUMBER",
            help="Epochs of each training. Default: 40 for digits, 15 for mnist.",
        ),
    ] = None,
    data_name: Annotated[
        str,
        typer.Option(
            "--data",
            metavar="NAME",
            help="The images: digits, which comes with scikit-learn, or mnist, which is downloaded.",
        ),
    ] = DataName.digits.value,
    as_json: AsJson = False,
    output: Annotated[
        Path,
        typer.Option(metavar="FILE", help="The .png file for the picture, or the folder to save it in."),
    ] = Path(PICTURE),
) -> None:
    """Train a small network with three losses on real digits, on every installed backend.

    The features before the classifier have two dimensions. With softmax alone, the features of each digit
    form a ray. With center loss, they form a cluster around the center of the digit. The command prints
    accuracies, checks that the backends agree, and saves a picture of the features.
    """
    names, picture = chosen_backends(backend_names), picture_path(output)
    data = DataName(known_name(data_name, [one.value for one in DataName], "a set of images", "--data"))
    try:
        images = load(data)
    except DataUnavailable as error:
        errors.print(str(error), style="red", markup=False, highlight=False)
        raise typer.Exit(2) from None
    epochs = epochs or EPOCHS[data]
    say_which_are_absent(errors if as_json else console)
    with tempfile.TemporaryDirectory() as folder:
        results, failures = train(names, images, seeds, epochs, Path(folder))
        if results:
            draw(picture, results, images["y_test"], Path(folder))
    compared = compare_backends(results) if len({result.backend for result in results}) > 1 else []
    for name, failure in failures.items():
        errors.print(f"{name} failed. {failure}", style="red", markup=False, highlight=False)
    if as_json:
        say_json(
            [asdict(result) for result in results],
            failures=failures,
            comparisons=[asdict(comparison) for comparison in compared],
            picture=str(picture) if results else None,
        )
    else:
        report(results, data, len(images["x_train"]), seeds, epochs)
        say_whether_backends_agree(compared)
        if results:
            console.print(f"The picture is in {picture}", soft_wrap=True, highlight=False, markup=False)
    raise typer.Exit(int(bool(failures) or any(comparison.disagreements for comparison in compared)))


def picture_path(output: Path) -> Path:
    """The file to write: `output`, or demo.png in the folder `output`. Makes the folder."""
    path = output / PICTURE if output.is_dir() or not output.suffix else output
    return checked_output(path, (".png",)) or path


def train(
    names: Sequence[str], images: dict[str, np.ndarray], seeds: int, epochs: int, folder: Path
) -> tuple[list[Result], dict[str, str]]:
    """Trains on one backend after the other; gives the results, and the failures by backend."""
    arrays: dict[str, Any] = dict(images)
    np.savez(folder / "data.npz", **arrays)
    results: list[Result] = []
    failures: dict[str, str] = {}
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
    with Progress(*columns, console=errors) as progress:
        task = progress.add_task("", total=len(names) * len(LOSSES) * seeds * epochs)
        for number, name in enumerate(names, start=1):
            progress.update(task, description=f"{name}: starting")
            try:
                results += train_on(name, seeds, epochs, folder, progress, task)
            except Lost as error:
                failures[name] = error.told
            progress.update(task, completed=number * len(LOSSES) * seeds * epochs)
        progress.update(task, description="done")
    return results, failures


def train_on(
    backend: str, seeds: int, epochs: int, folder: Path, progress: Progress, task: TaskID
) -> list[Result]:
    """The results of one backend."""
    results = []
    plan = {
        "data": str(folder / "data.npz"),
        "features": str(folder / f"{backend}.npz"),
        "seeds": seeds,
        "epochs": epochs,
    }
    for event in backends.run_worker(WORKER, backend, plan):
        kind = event.pop("event")
        if kind == "result":
            results.append(Result(**event))
        else:
            described = f"{backend}: {LOSSES[event['loss']]}, seed {event['seed']}"
            progress.update(task, advance=1, description=described)
    return results


def report(results: Sequence[Result], data: DataName, size: int, seeds: int, epochs: int) -> None:
    """Prints the table."""
    if results:
        title = f"{data.value}: {size} training images, {epochs} epochs, seeds: {seeds}"
        console.print(table(results, title))
        console.print(
            "Accuracy and distances are measured on the test images: mean ± standard deviation over the "
            "seeds. within/between: mean distance of an image to the mean of its digit, divided by the mean "
            "distance between the means of the digits. seconds: total time of all trainings of the row.",
            style="dim",
        )


def say_whether_backends_agree(comparisons: Sequence[Comparison]) -> None:
    """Prints the largest differences between the backends, or the differences that are too large."""
    if not comparisons:
        console.print("There are results of fewer than two backends, so nothing is compared.")
        return
    found = [line for comparison in comparisons for line in comparison.disagreements]
    if found:
        console.print("The backends do not agree:", style="bold red")
        for line in found:
            console.print(f"  {line}", markup=False, highlight=False)
        return
    differences = ", ".join(f"{comparison.what} {comparison.largest:.1g}" for comparison in comparisons)
    console.print(f"The backends agree. Largest differences: {differences}.", style="green", highlight=False)


def draw(path: Path, results: Sequence[Result], labels: np.ndarray, folder: Path) -> None:
    """Saves the features of the first seed on the first backend."""
    first = [result for result in results if result.backend == results[0].backend and result.seed == 0]
    with np.load(folder / f"{results[0].backend}.npz") as file:
        panels = [
            Panel(
                f"{LOSSES[result.loss]}\naccuracy {result.accuracy:.3f}, within/between {result.ratio:.3f}",
                file[f"{result.loss}_features"],
                file[f"{result.loss}_centers"],
            )
            for result in first
        ]
    save_picture(path, panels, labels, f"Test images in the embedding ({results[0].backend}, seed 0)")
