"""Ask the user, name the next command, write a file: what several commands do."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.errors import Fault, GraderError
from grader.files import write_whole
from grader.text import quoted


def agreed(question: str, *, yes: bool) -> bool:
    """Whether the user agrees: by `--yes`, or asked on a terminal. Where nobody can answer, say that nothing happens."""
    if yes:
        return True
    if sys.stdin.isatty():
        import click

        if click.confirm(question, err=True):
            return True
        print("Nothing was changed.", file=sys.stderr)
        return False
    print("Nothing was changed. Give the same command with --yes to go on.", file=sys.stderr)
    return False


def check_command(exercise: str, file: Path, folders: tuple[Path, ...], *, seed: int = 0, arrays: str | None = None) -> str:
    """Write the command that checks a file, a student's next step, with the options that this command was given."""
    name = str(file)
    parts = ["grader", "check", exercise, f"./{name}" if name.startswith("-") else name]
    parts += [part for folder in folders for part in ("--exercises", str(folder))]
    parts += ["--seed", str(seed)] if seed else []
    parts += ["--arrays", arrays] if arrays else []
    return " ".join(map(quoted, parts))


def write_new(path: Path, text: str, *, force: bool) -> None:
    """Write a file as a whole or not at all. Raises GraderError when there is one already, or it cannot be written."""
    if path.exists() and not force:
        raise GraderError(Fault(str(path), "This file is there already.", "Choose another name, or write over it with --force."))
    with _write_errors(path):
        path.parent.stat()  # a folder that is not there is a typing error, and is not made
        write_whole(path, text.encode(), mode=0o644)


def write_output(path: Path, data: bytes, *, is_secret: bool = False) -> None:
    """Write the file of `-o`; only its owner can read a secret one. Raises GraderError when it cannot be written."""
    with _write_errors(path):
        write_whole(path, data)
        if not is_secret:
            path.chmod(0o666 & ~_umask())


@contextmanager
def _write_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise GraderError(Fault(str(path), f"It cannot be written: {error.strerror}.", "Choose another place with -o.")) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
