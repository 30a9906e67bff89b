"""`keraslosses migrate`: finds the losses of other libraries in files and says what to write."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from keraslosses.cli.as_json import AsJson, say_json
from keraslosses.cli.migrate.files import NOTEBOOK, copy_of, python_files, read, write
from keraslosses.cli.migrate.findings import Finding, Source, findings
from keraslosses.cli.migrate.notebook import Notebook
from keraslosses.cli.migrate.rewrite import rewritten_text
from keraslosses.core.spelling import did_you_mean


def migrate(
    path: Annotated[
        Path,
        typer.Argument(metavar="PATH", help="A Python file, a notebook, or a folder with such files."),
    ],
    save: Annotated[
        bool,
        typer.Option(
            "--write", metavar="", help="Make the changes that need no decision, and keep FILE.orig."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find losses of TensorFlow Addons, KerasCV, segmentation_models and Keras 2, and print what to write.

    The exit code is 0 if nothing is left to change, 1 if something is, and 2 if a file cannot be read or
    written.
    """
    if not path.exists():
        near = did_you_mean(str(path), map(str, path.parent.glob("*")))
        raise typer.BadParameter(f"there is no file or folder {str(path)!r}{near}", param_hint="PATH")
    found: dict[Path, list[Finding]] = {}
    failed = False
    for file in python_files(path):
        try:
            found[file] = changed(file, save)
        except (OSError, SyntaxError, ValueError) as error:
            failed = True
            typer.echo(f"{file}{why(error)}", err=True)
    if as_json:
        say_json([plain(file, one, save) for file in found for one in found[file]])
    else:
        for line in report(found, save):
            typer.echo(line)
    left = any(not (save and one.edits) for ones in found.values() for one in ones)
    raise typer.Exit(2 if failed else int(left))


def changed(file: Path, save: bool) -> list[Finding]:
    """The findings of a file, after their edits are made if they should be."""
    text = read(file)
    notebook = Notebook(text) if file.suffix == NOTEBOOK else None
    source = python_of(notebook) if notebook else Source(text)
    found = findings(source)
    if save and any(one.edits for one in found):
        if copy_of(file).exists():
            raise FileExistsError(f"{copy_of(file).name} exists already; move it to another place")
        new = rewritten_text(source, found)
        write(file, notebook.with_code(new) if notebook else new)
    return [in_cell(notebook, one) for one in found] if notebook else found


def python_of(notebook: Notebook) -> Source:
    """The code of a notebook. An error of syntax names the cell."""
    try:
        return Source(notebook.code)
    except SyntaxError as error:
        cell, line = notebook.place(error.lineno or 1)
        raise ValueError(f"cell {cell}, line {line}: no Python: {error.msg}") from None


def in_cell(notebook: Notebook, one: Finding) -> Finding:
    """A finding with the number of its cell, and the line in it."""
    cell, line = notebook.place(one.line)
    return replace(one, cell=cell, line=line)


def why(error: Exception) -> str:
    """Why a file failed, with the line if it is known."""
    if isinstance(error, SyntaxError):
        return f"{f':{error.lineno}' if error.lineno else ''}: no Python: {error.msg}"
    return f": {error}"


def state_of(one: Finding, save: bool) -> str:
    """What happens to a finding: "changed", "change" if `--write` makes it, or "by hand"."""
    if not one.edits:
        return "by hand"
    return "changed" if save else "change"


def plain(file: Path, one: Finding, save: bool) -> dict[str, Any]:
    """A finding as data for JSON."""
    return {
        "file": str(file),
        "cell": one.cell,
        "line": one.line,
        "column": one.column + 1,
        "theirs": one.theirs,
        "here": one.here or None,
        "note": one.bites,
        "state": state_of(one, save),
    }


def report(found: dict[Path, list[Finding]], save: bool) -> Iterator[str]:
    """The findings as lines of text, and the number of each state."""
    for file, ones in found.items():
        for one in ones:
            place = f"{file}, cell {one.cell}, line {one.line}" if one.cell else f"{file}:{one.line}"
            yield f"{place}: {' '.join(one.theirs.split())}"
            yield from (f"    {line}" for line in what_to_do(one, save))
    states = [state_of(one, save) for ones in found.values() for one in ones]
    yield summary(states, len(found))


def what_to_do(one: Finding, save: bool) -> Sequence[str]:
    state = state_of(one, save)
    return [f"{state}: {one.here}", one.bites] if one.here else [f"{state}: {one.bites}"]


def summary(states: Sequence[str], files: int) -> str:
    """One sentence about the run."""
    head = f"{files} file{'' if files == 1 else 's'} read"
    counts = [counted(states.count(state), state) for state in dict.fromkeys(states)]
    return f"{head}: {', '.join(counts) or 'nothing to change'}."


def counted(number: int, state: str) -> str:
    return f"{number} changes" if state == "change" and number != 1 else f"{number} {state}"
