"""The files of a run: which ones, how they are read, and how they are written with a copy."""

import io
import shutil
import tokenize
from collections.abc import Iterator
from pathlib import Path

NOTEBOOK = ".ipynb"
NOT_OURS = {"__pycache__", "node_modules", "site-packages"}


def python_files(path: Path) -> Iterator[Path]:
    """The file itself, or the Python files and notebooks of a folder.

    Hidden folders and installed packages are left out.
    """
    if path.is_file():
        yield path
        return
    for file in sorted([*path.rglob("*.py"), *path.rglob(f"*{NOTEBOOK}")]):
        folders = file.relative_to(path).parts[:-1]
        if file.is_file() and not any(name.startswith(".") or name in NOT_OURS for name in folders):
            yield file


def read(path: Path) -> str:
    """The text with its line ends, in the encoding that the file declares.

    Raises:
        SyntaxError: if the encoding is unknown or the bytes do not fit it.
    """
    data = path.read_bytes()
    try:
        return data.decode(encoding_of(data))
    except UnicodeDecodeError as error:
        raise SyntaxError(f"the bytes are not {error.encoding}") from error


def encoding_of(data: bytes) -> str:
    return tokenize.detect_encoding(io.BytesIO(data).readline)[0]


def write(path: Path, text: str) -> None:
    """Write the text, and keep what was there as `FILE.orig`."""
    encoding = encoding_of(path.read_bytes())
    shutil.copy2(path, copy_of(path))
    path.write_bytes(text.encode(encoding))


def copy_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.orig")
