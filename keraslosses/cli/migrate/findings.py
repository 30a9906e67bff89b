"""What to change in one file: each place that names a loss of another library."""

import ast
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from keraslosses.cli.migrate.names import REDUCTIONS, imported, is_loss_of_keras, path_of, row_of
from keraslosses.cli.migrate.row import Row

NO_AUTO = 'Keras 3 has no "auto".'


class Edit(NamedTuple):
    """Replaces the bytes from `start` to `end` of the source in UTF-8."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Finding:
    """One place. `here` is what to write, or nothing; without `edits`, the user writes it.

    In a notebook, `cell` is the number of the cell, and `line` is the line in it.
    """

    line: int
    column: int
    theirs: str
    here: str
    bites: str
    edits: tuple[Edit, ...] = ()
    node: ast.AST | None = None
    cell: int | None = None


class Source:
    """A file that is read: its text, its tree, and what its imports mean."""

    def __init__(self, text: str):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            self.tree = ast.parse(text)
        self.data = text.encode("utf-8")
        self.names, self.unsure = imported(self.tree)
        lengths = (len(line) + 1 for line in self.data.split(b"\n"))
        self.starts = [0, *accumulate(lengths)]

    def start(self, node: ast.expr | ast.keyword | ast.stmt) -> int:
        return self.starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr | ast.keyword | ast.stmt) -> int:
        assert node.end_lineno is not None and node.end_col_offset is not None
        return self.starts[node.end_lineno - 1] + node.end_col_offset

    def text(self, node: ast.expr | ast.keyword | ast.stmt) -> str:
        return self.data[self.start(node) : self.end(node)].decode("utf-8")


def findings(source: Source) -> list[Finding]:
    """Every place to change, in the order of the file."""
    called = {id(node.func): node for node in ast.walk(source.tree) if isinstance(node, ast.Call)}
    found = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            row = row_of(path_of(node, source.names))
            if row:
                found.append(finding(source, node, row, called.get(id(node))))
        elif isinstance(node, ast.Call):
            found += old_reductions(source, node)
    return sorted(found, key=lambda one: (one.line, one.column))


def finding(source: Source, node: ast.expr, row: Row, call: ast.Call | None) -> Finding:
    """The change at one name: of the call, if it is called."""
    if row.is_object or call is None:
        return at_name(source, node, row)
    here, edits = rewritten(source, call, row)
    edits = edits if is_sure(source, node) else ()
    return Finding(call.lineno, call.col_offset, source.text(call), here, row.bites, edits, node)


def is_sure(source: Source, node: ast.AST) -> bool:
    """Whether the name at which a chain of attributes begins has one meaning in the file."""
    return getattr(root(node), "id", "") not in source.unsure


def root(node: ast.AST) -> ast.AST:
    """The name at which a chain of attributes begins."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def at_name(source: Source, node: ast.expr, row: Row) -> Finding:
    """The name of a loss or function, or of a class that is not called: the user may test for that class."""
    here = row.here if row.is_object else row.here.removesuffix("()")
    text = f"({here})" if " + " in here or " * " in here else here
    may = row.is_object and not row.needs_a_hand and is_sure(source, node)
    edits = (Edit(source.start(node), source.end(node), text),) if may else ()
    return Finding(node.lineno, node.col_offset, source.text(node), here, row.bites, edits, node)


def old_reductions(source: Source, call: ast.Call) -> Iterator[Finding]:
    """`reduction="auto"` in a call of a loss of Keras."""
    if is_loss_of_keras(path_of(call.func, source.names)):
        for keyword in call.keywords:
            value = keyword.value
            if keyword.arg == "reduction" and isinstance(value, ast.Constant) and value.value == "auto":
                row = REDUCTIONS["AUTO"]
                edit = Edit(source.start(value), source.end(value), row.here)
                here = f"reduction={row.here}"
                yield Finding(
                    value.lineno, value.col_offset, source.text(keyword), here, NO_AUTO, (edit,), value
                )


# A call


def rewritten(source: Source, call: ast.Call, row: Row) -> tuple[str, tuple[Edit, ...]]:
    """The call of our loss, and the edits that make it; without edits, if the user must decide."""
    if not row.here:
        return "", ()
    given = arguments_given(call, row.arguments)
    tree = ast.parse(row.here, mode="eval").body
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    inner = next(node for node in calls if ast.unparse(node.func).startswith("keraslosses."))
    new = {ours: value_text(source, value) for _, ours, value in given if ours}
    ours = {keyword.arg: ast.unparse(keyword.value) for keyword in inner.keywords}
    added = {name: text for name, text in ours.items() if name not in new}
    inside = ", ".join(f"{name}={text}" for name, text in [*added.items(), *new.items()])
    head, tail = around(tree, inner)
    outer = ("", "") if tree is inner else ("(", ")")
    ends = f"{outer[0]}{head}", f"{tail}{outer[1]}"
    complete = all(ours for _, ours, _ in given)
    edits = () if row.needs_a_hand or not complete else edits_of(source, call, given, ends, added)
    return f"{head}({inside}){tail}", edits


Given = list[tuple[ast.expr | ast.keyword, str | None, ast.expr]]


def arguments_given(call: ast.Call, arguments: Mapping[str, str | None]) -> Given:
    """The arguments of a call with their names here; one that has no known name has None."""
    names = list(arguments.values())
    given: Given = [
        (value, None if isinstance(value, ast.Starred) or place >= len(names) else names[place], value)
        for place, value in enumerate(call.args)
    ]
    for keyword in call.keywords:
        given.append((keyword, arguments.get(keyword.arg or ""), keyword.value))
    return given


def around(tree: ast.expr, inner: ast.Call) -> tuple[str, str]:
    """What stands before the arguments of the inner call, and behind them."""
    arguments = ", ".join(map(ast.unparse, inner.keywords))
    head, _, tail = ast.unparse(tree).partition(f"{ast.unparse(inner.func)}({arguments})")
    return f"{head}{ast.unparse(inner.func)}", tail


def value_text(source: Source, value: ast.expr) -> str:
    """An argument as it will be written."""
    row = row_of(path_of(value, source.names))
    if row in REDUCTIONS.values():
        return row.here if row else ""
    auto = isinstance(value, ast.Constant) and value.value == "auto"
    return REDUCTIONS["AUTO"].here if auto else source.text(value)


def edits_of(
    source: Source, call: ast.Call, given: Given, ends: tuple[str, str], added: Mapping[str | None, str]
) -> tuple[Edit, ...]:
    """The smallest edits that make the new call, so that the layout of the user's code stays."""
    opening = source.data.index(b"(", source.end(call.func)) + 1
    behind = "" if not given else "," if source.data[opening:].startswith((b"\n", b"\r")) else ", "
    more = ", ".join(f"{name}={text}" for name, text in added.items())
    edits = [Edit(source.start(call.func), source.end(call.func), ends[0])]
    if more:
        edits.append(Edit(opening, opening, more + behind))
    for node, ours, _ in given:
        start = source.start(node)
        if isinstance(node, ast.keyword):
            edits.append(Edit(start, start + len((node.arg or "").encode("utf-8")), ours or ""))
        else:
            while source.data[opening:start].rstrip(b" ").endswith(b"("):
                start = opening + len(source.data[opening:start].rstrip(b" ")) - 1
            edits.append(Edit(start, start, f"{ours}="))
    return (*edits, Edit(source.end(call), source.end(call), ends[1]))
