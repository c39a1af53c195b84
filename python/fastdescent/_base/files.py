"""Files that are written completely or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

PACKAGE = Path(__file__).absolute().parents[1]  #: the folder of fastdescent


def checked_output(path: str | os.PathLike[str], extensions: Iterable[str]) -> Path:
    """The path of a file that can be written. Raises before any work if it cannot.

    Parameters
    ----------
    path : path
    extensions : iterable of str
        Allowed extensions, without the dot.

    Raises
    ------
    ValueError
        If the extension is not allowed.
    OSError
        If the directory does not exist or cannot be written, or the path exists and is not a file.
    """
    target, known = Path(path), sorted(extensions)
    extension = target.suffix[1:].lower()
    if extension not in known:
        allowed = f"one of {', '.join(known)}" if len(known) > 1 else f".{known[0]}"
        raise ValueError(f"the file's extension must be {allowed}; got {str(path)!r}")
    target = target.resolve()
    if not target.parent.is_dir():
        raise FileNotFoundError(f"no directory {str(target.parent)!r} to write {target.name} in")
    if target.exists() and not target.is_file():
        raise IsADirectoryError(f"{str(path)!r} exists and is not a file")
    _try_to_write(target)
    return target


@contextmanager
def whole_file(target: Path) -> Iterator[BinaryIO]:
    """A file open for writing, which gets its name only if the block ends without an exception."""
    unfinished = _unfinished_name(target)
    try:
        with open(unfinished, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(unfinished)
        raise


def _try_to_write(target: Path) -> None:
    probe = _unfinished_name(target)
    try:
        with open(probe, "xb"):
            pass
        os.unlink(probe)
    except OSError as error:
        raise OSError(f"cannot write in {str(target.parent)!r}: {error.strerror}") from None


def _unfinished_name(target: Path) -> Path:
    return target.parent / f".{target.name}.{os.urandom(6).hex()}.tmp"
