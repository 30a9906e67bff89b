"""Which loss of another library a piece of Python names."""

import ast
from collections.abc import Iterable, Mapping
from inspect import signature

from keraslosses.cli.migrate.of_keras import KERAS_2, KERAS_CV, SEGMENTATION_MODELS, TENSORFLOW_ADDONS
from keraslosses.cli.migrate.row import Row
from keraslosses.lookup import CLASSES, FUNCTIONS
from keraslosses.reference import REFERENCES

LIBRARIES = {"tfa": "tensorflow_addons", "tf": "tensorflow"}
REDUCTIONS = {row.theirs.rpartition(".")[2]: row for row in KERAS_2 if ".Reduction." in row.theirs}
SAME_FUNCTION = "The function of Addons with its arguments, after `import keraslosses.addons`."
SAME_NAME = "Keras 2, and Keras on TensorFlow only, have it under this name."


def in_full(theirs: str) -> str:
    """The dotted name of a row with the library's own name."""
    library, _, rest = theirs.partition(".")
    return f"{LIBRARIES.get(library, library)}.{rest}"


def rows_by_name(rows: Iterable[Row]) -> dict[str, Row]:
    """The rows by the dotted names of their classes and functions."""
    found = {}
    for row in rows:
        found[in_full(row.theirs)] = row
        if row.function:
            module = in_full(row.theirs).rpartition(".")[0]
            found[f"{module}.{row.function}"] = function_row(row)
    return found


def function_row(row: Row) -> Row:
    """The row of their function: its arguments begin with the tensors, so the user rewrites the call."""
    theirs = f"{row.theirs.rpartition('.')[0]}.{row.function}"
    if theirs.startswith("tfa.losses."):
        here = f"keraslosses.addons.{row.function}"
        return Row(theirs, here, SAME_FUNCTION, by_hand=True, is_object=True)
    here = f"keraslosses.{REFERENCES[row.name].function}" if row.here else ""
    return Row(theirs, here, row.bites, by_hand=True, is_object=True)


ROWS = rows_by_name((*TENSORFLOW_ADDONS, *SEGMENTATION_MODELS, *KERAS_CV))


def imported(tree: ast.Module) -> tuple[dict[str, str], set[str]]:
    """What each imported name stands for, and the names that also have another meaning in the file."""
    found: dict[str, str] = {}
    others: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {a.asname or a.name.split(".")[0]: dotted(a) for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module if not node.level else None
            found |= {a.asname or a.name: f"{module}.{a.name}" for a in node.names if module}
        else:
            others |= bound_by(node)
    return found, others & found.keys()


def dotted(alias: ast.alias) -> str:
    """What the name that `import` binds stands for."""
    return alias.name if alias.asname else alias.name.split(".")[0]


def bound_by(node: ast.AST) -> set[str]:
    """The names that a node binds, if it is no import."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        return {node.id}
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    return {node.arg} if isinstance(node, ast.arg) else set()


def path_of(node: ast.AST, names: Mapping[str, str]) -> str:
    """The dotted path of a name or attribute that comes from an import, or nothing."""
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    if isinstance(node, ast.Attribute):
        inner = path_of(node.value, names)
        return f"{inner}.{node.attr}" if inner else ""
    return ""


def row_of(path: str) -> Row | None:
    """What to do about a dotted path; None if it is no loss of another library."""
    parts = path.split(".")
    library, name = parts[0], parts[-1]
    if "losses" not in parts[:-1]:
        return ROWS.get(path)
    if parts[-2] == "Reduction" and library in ("keras", "tensorflow", "tf_keras"):
        return REDUCTIONS.get(name)
    if library == "tf_keras" or (library == "tensorflow" and "keras" in parts):
        return row_of_keras_2(path, name)
    return ROWS.get(f"{library}.losses.{name}")


def row_of_keras_2(path: str, name: str) -> Row | None:
    """A loss of Keras 2 that has the same name here."""
    if name in CLASSES:
        return Row(path, f"keraslosses.{name}()", SAME_NAME, " ".join(signature(CLASSES[name]).parameters))
    return Row(path, f"keraslosses.{name}", SAME_NAME, is_object=True) if name in FUNCTIONS else None


def is_loss_of_keras(path: str) -> bool:
    """Whether a dotted path is in a module of losses that takes Keras 2's reductions."""
    libraries = ("keras", "tensorflow", "tf_keras", "tensorflow_addons", "keras_cv")
    return path.split(".")[0] in libraries and "losses" in path.split(".")[:-1]
