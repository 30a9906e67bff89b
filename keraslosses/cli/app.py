"""The command line. Each command has its own module; this module registers them."""

import typer

from keraslosses.cli.bench.command import bench
from keraslosses.cli.check.command import check
from keraslosses.cli.choose import choose
from keraslosses.cli.demo.command import demo
from keraslosses.cli.examples import examples_of
from keraslosses.cli.list import list_losses
from keraslosses.cli.migrate.command import migrate
from keraslosses.cli.plot.command import CONTEXT, plot
from keraslosses.cli.steps.command import steps

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown"
)
app.command(epilog=examples_of("bench"))(bench)
app.command(epilog=examples_of("check"))(check)
app.command(epilog=examples_of("choose"))(choose)
app.command(epilog=examples_of("demo"))(demo)
app.command("list", epilog=examples_of("list"))(list_losses)
app.command(epilog=examples_of("migrate"))(migrate)
app.command(context_settings=CONTEXT, epilog=examples_of("plot"))(plot)
app.command(epilog=examples_of("steps"))(steps)


@app.callback()
def commands() -> None:
    """Loss functions for Keras 3 on TensorFlow, JAX and PyTorch."""
