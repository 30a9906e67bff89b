"""`keraslosses` and `python -m keraslosses`: runs the command line, or says what to install for it."""

import os
import sys
from importlib.util import find_spec

# The modules of the extra `cli`.
NEEDED = ("matplotlib", "rich", "sklearn", "typer")


def main(called: str = "python -m keraslosses") -> None:
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        print(
            f"{called} needs {', '.join(missing)}. Install the extra that contains it:\n"
            '  pip install "keraslosses[cli]"',
            file=sys.stderr,
        )
        sys.exit(2)
    from keraslosses.cli.app import app

    app(prog_name=called)


def executable() -> None:
    """The command `keraslosses`. As with `python -m`, it finds the modules of the current folder."""
    if not sys.flags.safe_path:
        sys.path.insert(0, os.getcwd())
    main("keraslosses")


if __name__ == "__main__":
    main()
