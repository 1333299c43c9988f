"""
The box around a zygote: bubblewrap's namespaces with nothing in them but Python, its packages and system libraries.

No home, no course folder, no /tmp, no network, of /proc and /sys no more than what processor this is; read-only throughout.
"""

from __future__ import annotations

import shutil
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Final

from grader.sandbox.host.launch import library_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NAMESPACES: Final = (
    "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
    "--uid", "65534", "--gid", "65534", "--hostname", "grader", "--cap-drop", "ALL",
    "--as-pid-1",  # the end of the zygote ends everything in the box
)  # fmt: skip
_SYSTEM_LIBRARIES: Final = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/nix/store", "/gnu/store")
# by the last two, a file and a folder, torch chooses its kernels
_IF_THERE: Final = ("/etc/ld.so.cache", "/proc/cpuinfo", "/sys/devices/system/cpu")
_PACKAGE: Final = Path(__file__).resolve().parents[2]
# What a zygote reads of this package: no exercise, no record, nothing of the reference, nor of the grader's half of the sandbox.
_PARTS: Final = ("sandbox/child", "sandbox/wire")


def find() -> str | None:
    """Look for bubblewrap on PATH; return where it is, or None."""
    return shutil.which("bwrap")


def wrapper(bwrap: str, packages: Sequence[str], *, nested_namespaces: bool = False, once: bool = False) -> list[str]:
    """
    Return the command line that a zygote's is appended to. `packages` is its module search path.

    A zygote ends by itself when the grader is gone, at any moment. A child that is started for one job (`once`) does not look, so
    bubblewrap ends it; it is not told to end a zygote, since it would leave half of itself behind when the grader is killed while
    it starts.

    `nested_namespaces` leaves the kernel's own bar to further user namespaces away, for a bubblewrap before 0.8; seccomp
    refuses them all the same.
    """
    bar = [] if nested_namespaces else ["--disable-userns"]
    end = ["--die-with-parent"] if once else []
    return [bwrap, *_NAMESPACES, *end, *bar, *_binds(packages), "--remount-ro", "/", "--chdir", "/", "--"]


def _binds(packages: Sequence[str]) -> Iterator[str]:
    for folder in _SYSTEM_LIBRARIES:
        path = Path(folder)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), folder)
        elif path.is_dir():
            yield from ("--ro-bind", folder, folder)
    for single in _IF_THERE:
        yield from ("--ro-bind-try", single, single)
    yield from ("--dev-bind", "/dev/urandom", "/dev/urandom")  # importing torch opens it
    executable = Path(sys.executable).resolve()
    yield from ("--ro-bind", str(executable), str(executable))
    for folder in _folders(packages):
        yield from ("--ro-bind", folder, folder)
    if any(_PACKAGE.is_relative_to(folder) for folder in (*_SYSTEM_LIBRARIES, *_folders(packages))):
        yield from ("--tmpfs", str(_PACKAGE))
    for part in _PARTS:
        yield from ("--ro-bind", str(_PACKAGE / part), str(_PACKAGE / part))


def _folders(packages: Sequence[str]) -> list[str]:
    """Return the folders of Python and of installed packages, leaving out those that lie in another or in the system's."""
    libraries = Path(sys.base_prefix, "lib")  # libpython, where it is a shared library of its own
    wanted = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), str(libraries), *packages, *library_path()]
    folders = sorted({Path(folder) for folder in wanted if Path(folder).is_dir()})
    outer = [folder for folder in folders if not any(folder != other and folder.is_relative_to(other) for other in folders)]
    return [str(folder) for folder in outer if not any(folder.is_relative_to(system) for system in _SYSTEM_LIBRARIES)]
