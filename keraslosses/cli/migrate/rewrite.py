"""Makes the edits of a file: the calls, and the imports that they leave without use."""

import ast
from collections.abc import Iterator, Sequence

from keraslosses.cli.migrate.findings import Edit, Finding, Source, root

OURS = "import keraslosses"


def rewritten_text(source: Source, found: Sequence[Finding]) -> str:
    """The text of the file after the edits of its findings."""
    edits = [edit for one in found for edit in one.edits]
    if any(one.edits and "keraslosses." in one.here for one in found):
        written = [one for one in found if one.edits]
        edits += imports(source, {id(one.node) for one in written}, min(one.line for one in written))
    data = source.data
    # From the end, so that the places of the other edits stay. Of two at one place, the first comes first.
    order = sorted(enumerate(edits), key=lambda one: (one[1].start, one[1].end, one[0]), reverse=True)
    for _, edit in order:
        data = data[: edit.start] + edit.text.encode("utf-8") + data[edit.end :]
    text = data.decode("utf-8")
    try:
        Source(text)
    except SyntaxError as error:
        raise ValueError("the changes do not fit this file; make them by hand") from error
    return text


def imports(source: Source, replaced: set[int], first_use: int) -> Iterator[Edit]:
    """Removes the imports of which no use is left, and imports this package once, before its first use."""
    body = source.tree.body
    needed = not any("keraslosses" in bound(node) for node in body if node.lineno < first_use)
    for node in [node for node in body if is_spare(source, node, replaced)]:
        if needed and node.lineno < first_use:
            yield Edit(source.start(node), source.end(node), OURS)
            needed = False
        else:
            line = source.starts[node.lineno - 1]
            assert node.end_lineno is not None
            yield Edit(line, min(source.starts[node.end_lineno], len(source.data)), "")
    if needed:
        place = first_line(source)
        yield Edit(place, place, f"{OURS}{newline(source)}")


def bound(node: ast.stmt) -> list[str]:
    """The names that an import binds."""
    if not isinstance(node, ast.Import | ast.ImportFrom):
        return []
    return [alias.asname or alias.name.split(".")[0] for alias in node.names]


def is_spare(source: Source, node: ast.stmt, replaced: set[int]) -> bool:
    """Whether an import stands on its own lines, and every use of all its names is replaced."""
    names = bound(node)
    uses = [one for one in ast.walk(source.tree) if isinstance(one, ast.Name) and one.id in names]
    exported = {one.value for one in ast.walk(source.tree) if isinstance(one, ast.Constant)} & {*names}
    if not names or exported:
        return False
    assert node.end_lineno is not None
    behind = source.data[source.end(node) : source.starts[node.end_lineno]].split(b"#")[0].strip()
    alone = not behind and node.col_offset == 0
    gone = {id(root(one)) for one in ast.walk(source.tree) if id(one) in replaced}
    return alone and {one.id for one in uses} == set(names) and {*map(id, uses)} <= gone


def first_line(source: Source) -> int:
    """Where an import may stand: before the first import, else behind the docstring."""
    body = [node for node in source.tree.body if getattr(node, "module", None) != "__future__"]
    found = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    if found:
        return source.starts[found[0].lineno - 1]
    docstring = bool(body) and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    first = body[1 if docstring else 0]
    return source.starts[first.lineno - 1]


def newline(source: Source) -> str:
    return "\r\n" if b"\r\n" in source.data else "\n"
