"""A PostgreSQL server of a test's own. CI has one; elsewhere its tests say that they were skipped."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

psycopg = pytest.importorskip("psycopg")


def _program(name: str) -> str:
    """Find a program of the server, which Debian keeps off the path."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(places[-1]) if places else "")


_INITDB, _SERVER = _program("initdb"), _program("postgres")
needed = pytest.mark.skipif("" in {_INITDB, _SERVER}, reason="no PostgreSQL here: apt-get install postgresql")


@contextmanager
def running() -> Iterator[str]:
    """Start a server and return its address; it refuses to run as root, so root runs it as `postgres`."""
    user = "postgres" if os.getuid() == 0 else getpass.getuser()
    with tempfile.TemporaryDirectory(prefix="grader-postgresql-") as name:
        folder = Path(name)
        if user == "postgres":
            shutil.chown(folder, user)
        settings = ["-k", name, "-c", "listen_addresses=", "-c", "fsync=off"]
        subprocess.run([_INITDB, "-D", folder / "data", "-U", user, "-A", "trust"], user=user, check=True, capture_output=True)
        server = subprocess.Popen(
            [_SERVER, "-D", folder / "data", *settings], user=user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _wait_for(f"host={name} user={user} dbname=postgres")
            yield f"postgresql+psycopg://{user}@/postgres?host={name}"
        finally:
            server.send_signal(signal.SIGINT)  # without waiting for who is connected
            server.wait(20)


def _wait_for(connection: str) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(connection).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
