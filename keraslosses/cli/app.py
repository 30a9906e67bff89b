"""The command line. Each command has its own module; this module registers them."""

import typer

from keraslosses.cli.bench.command import bench
from keraslosses.cli.check.command import check
from keraslosses.cli.demo.command import demo
from keraslosses.cli.list import list_losses
from keraslosses.cli.plot.command import CONTEXT, plot

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown"
)
app.command()(bench)
app.command()(check)
app.command()(demo)
app.command("list")(list_losses)
app.command(context_settings=CONTEXT)(plot)


@app.callback()
def commands() -> None:
    """Loss functions for Keras 3 on TensorFlow, JAX and PyTorch."""
