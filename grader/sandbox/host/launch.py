"""How a zygote is started: its command line, its environment, where it looks for modules, and the budget of its children."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from grader.sandbox.host.budgets import cpu_backstop

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grader.sandbox.limits import Arrays, Limits

_PROGRAM: Final = Path(__file__).parent.with_name("child") / "zygote.py"


def settings_for(arrays: Arrays, walls: Sequence[str]) -> dict[str, Any]:
    """Return what a zygote is told at its start."""
    return {"path": search_path(), "arrays": arrays, "walls": list(walls), "once": False}


def search_path() -> list[str]:
    """
    Return where a zygote looks for modules: the standard library and installed packages.

    Never the working directory, which may hold a submission named numpy.py, nor a checkout that the path leads to.
    """
    prefixes = {str(Path(prefix)) + os.sep for prefix in (sys.base_prefix, sys.base_exec_prefix)}
    found = [
        entry
        for entry in sys.path
        if entry
        and Path(entry).is_absolute()
        and (Path(entry).name in ("site-packages", "dist-packages") or entry.startswith(tuple(prefixes)))
        and Path(entry) != Path.cwd()
    ]
    return list(dict.fromkeys(found))


def library_path() -> list[str]:
    """
    Return the folders of LD_LIBRARY_PATH that a zygote may have.

    Not those that are relative, which it would look for in `/`, nor one that the home or the working directory lies in:
    with it all of that would be in the box.
    """
    places = [place.resolve() for place in (Path.cwd(), Path(os.environ.get("HOME") or "/"))]
    too_wide = {folder for place in places for folder in (place, *place.parents)}
    entries = re.split("[:;]", os.environ.get("LD_LIBRARY_PATH", ""))  # the loader takes both
    return [entry for entry in entries if Path(entry).is_absolute() and Path(entry).resolve() not in too_wide]


def command(settings: Mapping[str, Any]) -> list[str]:
    """Return the command line of a zygote."""
    return [interpreter(), "-I", "-S", "-B", "-X", "utf8", str(_PROGRAM), json.dumps(settings)]


def interpreter() -> str:
    """Return the Python to start: on Linux the real one, since a box has no virtual environment's links in it."""
    return str(Path(sys.executable).resolve()) if sys.platform == "linux" else sys.executable


def environment() -> dict[str, str]:
    """Return the whole environment of a zygote: nothing of the user's but what libraries are found by."""
    kept = {"SYSTEMROOT": os.environ["SYSTEMROOT"]} if "SYSTEMROOT" in os.environ else {}
    if libraries := library_path():
        kept["LD_LIBRARY_PATH"] = ":".join(libraries)
    if sys.platform == "win32":
        kept["PATH"] = os.environ.get("PATH", "")  # DLLs of numpy under conda are found by it
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1")
    # torch._dynamo, which torch.func imports at its first call, makes this folder or looks for a writable one
    return {"LC_ALL": "C.UTF-8", "HOME": "/", "TORCHINDUCTOR_CACHE_DIR": "/", **threads, **kept}


def request_for(limits: Limits, *, ahead: bool = False) -> dict[str, int]:
    """
    Return the budget of one child: its CPU limit is the backstop of the clock, a little more than the whole job's.

    One that begins ahead of its job has the time to rehearse.
    """
    return {"memory_bytes": limits.memory_mib << 20, "cpu_seconds": cpu_backstop(limits), "ahead": ahead}
