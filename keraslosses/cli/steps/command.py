"""`python -m keraslosses steps`: the time of training steps, and how the time of a loss grows."""

from pathlib import Path
from typing import Annotated

import typer

from keraslosses.cli.as_json import AsJson, say_json
from keraslosses.cli.backends_option import BackendNames, chosen_backends, say_which_are_absent
from keraslosses.cli.bench.cases import SIZES
from keraslosses.cli.bench.command import circumstances, console, errors, measure, say_failures
from keraslosses.cli.bench.report import circumstances as circumstance_lines
from keraslosses.cli.names import known_name
from keraslosses.cli.output_file import checked_output
from keraslosses.cli.steps import report
from keraslosses.cli.steps.growth import GROWTHS, POINTS
from keraslosses.cli.steps.picture import save_picture
from keraslosses.cli.steps.results import as_data, grown_lines, result_from
from keraslosses.cli.steps.tasks import TASKS

WORKER = "keraslosses.cli.steps.worker"
KNOWN = (*TASKS, *GROWTHS)


def steps(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME",
            help=f"What to measure. Training steps: {', '.join(TASKS)}. Growth of the time with: "
            f"{', '.join(GROWTHS)}. Default: all.",
        ),
    ] = None,
    backend_names: BackendNames = None,
    size: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help=f"Size of models and inputs: {', '.join(SIZES)}. The middle size takes a few minutes "
            "on each backend, on two cores. The large size is for a GPU.",
        ),
    ] = "middle",
    seconds: Annotated[
        float,
        typer.Option(
            min=0.001, metavar="NUMBER", help="Seconds to measure each result, without the warm-up."
        ),
    ] = 0.3,
    as_json: AsJson = False,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The .png or .svg file to write the picture of the growth to."),
    ] = None,
) -> None:
    """Measure training steps in `fit`, and how the time of a loss grows with its inputs.

    Each task is trained with our loss and with the same loss of Keras, in turn. The exponent says how the
    time grows: 1 is twice the time for inputs of twice the length.
    """
    what = [known_name(name, KNOWN, "a task or a growth", "NAME") for name in names or KNOWN]
    what = list(dict.fromkeys(what))
    plan = {"what": what, "size": known_name(size, SIZES, "a size", "--size"), "seconds": seconds}
    measured_on = chosen_backends(backend_names)
    if output and not GROWTHS.keys() & set(what):
        raise typer.BadParameter(
            f"the picture shows growth. Name at least one of {', '.join(GROWTHS)}.", param_hint="--output"
        )
    picture = checked_output(output, (".png", ".svg"))
    say_which_are_absent(errors if as_json else console)
    total = sum(POINTS if name in GROWTHS else 1 for name in what) * len(measured_on)
    run = measure(measured_on, plan, total, WORKER, result_from)
    lines = grown_lines(run.rows)
    if picture and lines:
        save_picture(picture, lines)
    if as_json:
        say_json(as_data(run.rows), **circumstances(run))
    else:
        for table in report.tables(run.rows):
            console.print(table, "")
        for line in [*report.left_out(run.rows), *circumstance_lines(run.versions)]:
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    say_failures(run)
    raise typer.Exit(1 if run.failures else 0)
