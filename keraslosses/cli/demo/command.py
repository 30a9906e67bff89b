"""`python -m keraslosses demo`: trains with three losses on real digits, on every backend.

All backends start from the same weights.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from keraslosses.cli.backend_option import BackendNames, chosen_backends, say_which_are_absent
from keraslosses.cli.demo.data import EPOCHS, DataName, DataUnavailable, load
from keraslosses.cli.demo.plot import Panel, save_picture
from keraslosses.cli.demo.results import LOSSES, Result, compare_backends, table
from keraslosses.portability.processes import backends
from keraslosses_child import Lost

WORKER = "keraslosses.cli.demo.worker"
PICTURE = "demo.png"

console = Console()
errors = Console(stderr=True)


def demo(
    backend: BackendNames = None,
    seeds: Annotated[
        int, typer.Option(min=1, help="Number of trainings per loss, each from other weights.")
    ] = 5,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Epochs of each training. Default: 40 for digits, 15 for mnist.")
    ] = None,
    data: Annotated[
        DataName, typer.Option(help="The images. digits comes with scikit-learn, mnist is downloaded.")
    ] = DataName.digits,
    out: Annotated[
        Path, typer.Option(help="A PNG file for the picture, or the folder to save it in.")
    ] = Path(PICTURE),
) -> None:
    """Train a small network with three losses on real digits, on every installed backend.

    The features before the classifier have two dimensions. With softmax alone, the features of each digit
    form a ray. With center loss, they form a cluster around the center of the digit. The command prints
    accuracies, checks that the backends agree, and saves a picture of the features.
    """
    names, picture = chosen_backends(backend or []), picture_path(out)
    try:
        images = load(data)
    except DataUnavailable as error:
        errors.print(str(error), style="red", markup=False, highlight=False)
        raise typer.Exit(2) from None
    epochs = epochs or EPOCHS[data]
    say_which_are_absent(console)
    with tempfile.TemporaryDirectory() as folder:
        results, failures = train(names, images, seeds, epochs, Path(folder))
        report(results, data, len(images["x_train"]), seeds, epochs)
        for name, failure in failures.items():
            errors.print(f"{name} failed. {failure}", style="red", markup=False, highlight=False)
        agree = say_whether_backends_agree(results)
        if results:
            draw(picture, results, images["y_test"], Path(folder))
    raise typer.Exit(0 if agree and not failures else 1)


def picture_path(out: Path) -> Path:
    """The file to write: `out`, or demo.png in the folder `out`. Makes the folder."""
    path = out / PICTURE if out.is_dir() or not out.suffix else out
    if path.suffix.lower() != ".png":
        raise typer.BadParameter(f"{str(out)!r} is neither a .png file nor a folder.", param_hint="--out")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise typer.BadParameter(
            f"{str(path.parent)!r} cannot be made: {error}", param_hint="--out"
        ) from None
    return path


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


def say_whether_backends_agree(results: Sequence[Result]) -> bool:
    """Prints the largest differences between the backends, or the differences that are too large."""
    if len({result.backend for result in results}) < 2:
        console.print("There are results of fewer than two backends, so nothing is compared.")
        return True
    comparisons = compare_backends(results)
    found = [line for comparison in comparisons for line in comparison.disagreements]
    if found:
        console.print("The backends do not agree:", style="bold red")
        for line in found:
            console.print(f"  {line}", markup=False, highlight=False)
        return False
    differences = ", ".join(f"{comparison.what} {comparison.largest:.1g}" for comparison in comparisons)
    console.print(f"The backends agree. Largest differences: {differences}.", style="green", highlight=False)
    return True


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
    console.print(f"The picture is in {path}", soft_wrap=True, highlight=False)
