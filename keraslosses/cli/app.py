"""The command line: one module per command, put together here."""

import typer

from keraslosses.cli.bench import bench
from keraslosses.cli.demo import demo

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown"
)
app.command()(bench)
app.command()(demo)


@app.callback()
def commands() -> None:
    """Loss functions for Keras 3 on TensorFlow, JAX and PyTorch."""
