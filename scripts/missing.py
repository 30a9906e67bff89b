"""Print what a loss of the package still lacks (`make missing`); end with status 1 if there is something."""

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

# What only other losses use: the base of detectors and the loss of one of their parts.
INNER = ("DetectionLoss", "DetectionPart", "PairLoss")
CHANGELOG = Path(__file__).parents[1] / "CHANGELOG.md"


def missing(
    classes: Mapping[str, Any],
    functions: Mapping[str, Any],
    references: Mapping[str, Any],
    exported: Collection[str],
    changelog: str,
) -> Iterator[str]:
    """One line for each thing that is missing: of classes, of functions, and of references."""
    for name, cls in classes.items():
        if not inspect.getdoc(cls):
            yield f"{name}: the class has no docstring"
        if name not in exported:
            yield f"{name}: not exported by keraslosses/losses/__init__.py"
        if name not in references:
            yield f"{name}: no Reference({name!r}, ...) in keraslosses/reference/"
        if f"`{name}`" not in changelog:
            yield f"{name}: not in CHANGELOG.md"
    for name, reference in references.items():
        if not reference.uses:
            yield f'{name}: its reference says no `uses`, for the page "Which loss?"'
        if not (reference.task and reference.purpose):
            yield f"{name}: its reference says no `task` and `purpose`, for `keraslosses list`"
        if not (reference.tex and reference.symbols):
            yield f"{name}: its reference has no formula in LaTeX (`tex` and `symbols`), for its page"
    named = {reference.function: name for name, reference in references.items()}
    for function in functions:
        if function not in exported:
            yield f"{function}: not exported by keraslosses/losses/__init__.py"
        if function not in named:
            yield f"{function}: no reference names this loss function"
    for function, name in named.items():
        if function not in functions:
            yield f"{name}: its reference names {function!r}, but there is no such loss function"
        if name not in classes:
            yield f"{name}: a reference without a class"


def defined() -> tuple[dict[str, Any], dict[str, Any]]:
    """The classes and the functions of losses in the modules of `keraslosses/losses/`, exported or not."""
    from keraslosses import FunctionLoss, losses

    classes, functions = {}, {}
    for found in pkgutil.iter_modules(losses.__path__):
        module = importlib.import_module(f"{losses.__name__}.{found.name}")
        for name, thing in vars(module).items():
            if getattr(thing, "__module__", None) != module.__name__ or name in INNER:
                continue
            if inspect.isclass(thing) and issubclass(thing, FunctionLoss):
                classes[name] = thing
            elif hasattr(thing, "contract"):
                functions[name] = thing
    return classes, functions


def main() -> None:
    import keraslosses
    from keraslosses.reference import REFERENCES

    classes, functions = defined()
    changelog = CHANGELOG.read_text("utf-8")
    lines = list(missing(classes, functions, REFERENCES, keraslosses.__all__, changelog))
    print("\n".join(lines) or f"Nothing is missing of {len(classes)} losses.")
    sys.exit(bool(lines))


if __name__ == "__main__":
    main()
