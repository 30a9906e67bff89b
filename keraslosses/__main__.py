"""`python -m keraslosses`: runs the command line, or says what to install for it."""

import sys
from importlib.util import find_spec

# The modules that the extra `cli` installs.
NEEDED = ("matplotlib", "rich", "sklearn", "typer")


def main() -> None:
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        print(
            f"python -m keraslosses needs {', '.join(missing)}. Install the extra `cli`:\n"
            '  pip install "keraslosses[cli]"',
            file=sys.stderr,
        )
        sys.exit(2)
    from keraslosses.cli.app import app

    app(prog_name="python -m keraslosses")


if __name__ == "__main__":
    main()
