"""
Find out which protections hold on this machine, by starting the real thing and attacking it, never by asking its version.

Returns data; the command line prints it. A layer counts when the canary attacks came to nothing and a right submission
beside them was graded.
"""

from __future__ import annotations

import errno
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from grader.errors import SandboxError
from grader.sandbox.host import bubblewrap, walls
from grader.sandbox.host.sandbox import Sandbox, failed_wall
from grader.sandbox.job import Job
from grader.sandbox.limits import Limits
from grader.sandbox.wire.answer import NotAnArray, Reason
from grader.sandbox.wire.call import Call, Name
from grader.sandbox.wire.plan import Source, TaskPlan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grader.sandbox.host.walls import Isolation, WallPlan
    from grader.sandbox.wire.answer import Answer, Failure

Requirement: TypeAlias = Literal["strict", "seccomp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was tried. `holds` is None when there was nothing to try; `remedy` is the command that adds it."""

    name: str
    holds: bool | None
    detail: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """All that was found out about this machine."""

    isolation: Isolation  # the best that holds here
    layers: tuple[str, ...]
    floor: Isolation  # what the administrator asks for
    checks: tuple[Check, ...]
    facts: Mapping[str, str]

    def satisfies(self, required: Requirement) -> bool:
        """Whether what is required holds: strict is namespaces and seccomp."""
        return self.isolation == "strict" if required == "strict" else "seccomp" in self.layers

    def to_json(self) -> dict[str, Any]:
        """Return the examination as JSON data."""
        return {
            "schema": 1,
            "isolation": self.isolation,
            "layers": list(self.layers),
            "floor": self.floor,
            "facts": dict(self.facts),
            "checks": [
                {"name": check.name, "holds": check.holds, "detail": check.detail, "remedy": check.remedy}
                for check in self.checks
            ],
        }


def examine() -> Examination:
    """Start each kind of sandbox, attack it, and say what held. Takes about a second."""
    strict, strict_checks = _try("box", _boxed())
    sealed, sealed_checks = _try("no box", walls.SEALED) if sys.platform == "linux" else ((), (_not_linux(),))
    layers = strict or sealed or (("rlimits",) if os.name == "posix" else ())
    held = "strict" if strict else "best" if sealed else "none"
    return Examination(
        isolation=held,  # type: ignore[arg-type]
        layers=layers,
        floor=walls.floor(),
        checks=(*strict_checks, *sealed_checks),
        facts=_facts(),
    )


# --- trying ---------------------------------------------------------------------------------------------------------

# Each returns 1.0 when it got through and 0.0 when it was refused. Any other exception says that the canary is ill, not that a
# wall stands.
_CANARIES: Final = b"""
import ctypes, os, signal, socket

def attack(function):
    def tried():
        try:
            return function()
        except PermissionError:
            return 0.0
    return tried

@attack
def reads_a_file():
    os.close(os.open("/etc/passwd", os.O_RDONLY))
    return 1.0

@attack
def lists_a_folder():
    os.listdir("/")
    return 1.0

@attack
def writes_a_file():
    os.close(os.open("/tmp/grader-canary", os.O_WRONLY | os.O_CREAT))
    return 1.0

@attack
def opens_a_socket():
    socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()
    return 1.0

@attack
def forks():
    if os.fork() == 0:
        os._exit(0)
    return 1.0

@attack
def signals_the_zygote():
    os.kill(os.getppid(), 0)
    return 1.0

@attack
def traces_the_zygote():
    if ctypes.CDLL(None).ptrace(0x4206, os.getppid(), 0, 0) == 0:  # PTRACE_SEIZE: does not stop it
        return 1.0
    raise PermissionError

@attack
def makes_a_namespace():
    if ctypes.CDLL(None).unshare(0x10000000) == 0:
        return 1.0
    raise PermissionError

@attack
def runs_a_program():
    os.posix_spawn("/bin/true", ["true"], {})
    return 1.0

@attack
def exits():
    os._exit(0)

def is_right(x):
    return 2.0 * x
"""
_ATTACKS: Final = (
    "reads_a_file", "lists_a_folder", "writes_a_file", "opens_a_socket", "forks", "signals_the_zygote", "traces_the_zygote",
    "makes_a_namespace", "runs_a_program", "exits",
)  # fmt: skip


_ENDED: Final = frozenset({Reason.ENDED_ITSELF, Reason.FORBIDDEN_CALL, Reason.CRASHED})


def _try(where: str, plan: WallPlan | Check) -> tuple[tuple[str, ...], tuple[Check, ...]]:
    """Return the layers that held (none when one did not) and each thing that was tried."""
    if isinstance(plan, Check):
        return (), (plan,)
    wall = "namespaces" if plan.bwrap else "seccomp"
    try:
        with Sandbox("numpy", plan=plan) as sandbox:
            layers = sandbox.layers
            trial = sandbox.run(_job())
    except SandboxError as error:
        reason = " ".join(line for fault in error.faults for line in fault.remedy.splitlines()[:1])
        return (), (Check(name=f"{where}: {wall}", holds=False, detail=reason, remedy=_remedy(plan, reason)),)
    first = trial.tasks[0].answers[0] if trial.tasks else None
    fault = first.failure if first else trial.failure
    if first is None or (fault and fault.reason is Reason.OUR_FAULT):  # it never came to an attack
        reason = fault.detail if fault else ""
        return (), (Check(name=f"{where}: {wall}", holds=False, detail=reason, remedy=_remedy(plan, reason)),)
    checks = [Check(name=f"{where}: {layer}", holds=True) for layer in layers]
    *attacks, right = trial.tasks
    for name, task in zip(_ATTACKS, attacks, strict=True):
        checks.append(_checked(f"{where}: canary {name}", task.answers[0]))
    graded = _number(right.answers[0]) == 6.0
    detail = "" if graded else _facts_of(right.answers[0].failure)
    checks.append(Check(name=f"{where}: a right submission is graded", holds=graded, detail=detail))
    return (layers if all(check.holds for check in checks) else ()), tuple(checks)


def _checked(name: str, answer: Answer) -> Check:
    """Return whether a canary was stopped: its call was refused, or its process ended."""
    failure = answer.failure
    if failure is None:
        refused = _number(answer) == 0.0
        return Check(name=name, holds=refused, detail="refused" if refused else "it got through")
    ended = failure.reason in _ENDED
    detail = _facts_of(failure)
    return Check(name=name, holds=ended, detail=detail if ended else f"no wall stopped it: {detail}")


def _number(answer: Answer) -> float | None:
    """Return the one number that an answer is."""
    return float(answer.items[0]) if answer.items and not isinstance(answer.items[0], NotAnArray) else None


def _facts_of(failure: Failure | None) -> str:
    return f"{failure.reason.value.replace('_', ' ')} {failure.detail}".strip() if failure else "it returned something else"


def _job() -> Job:
    import numpy as np

    tasks = [TaskPlan(call=Call(function=name, arguments=()), returns=("got",), inputs=({},)) for name in _ATTACKS]
    right = TaskPlan(call=Call(function="is_right", arguments=(Name("x"),)), returns=("got",), inputs=({"x": np.array(3.0)},))
    source = Source(name="canary.py", cells=(_CANARIES,))
    return Job(sources=(source,), tasks=(*tasks, right), arrays="numpy", limits=Limits(seconds=2.0, memory_mib=256))


# --- what is missing, and the command that adds it -----------------------------------------------------------------

_INSTALL: Final = {
    "debian": "sudo apt install bubblewrap",
    "ubuntu": "sudo apt install bubblewrap",
    "fedora": "sudo dnf install bubblewrap",
    "rhel": "sudo dnf install bubblewrap",
    "arch": "sudo pacman -S bubblewrap",
    "alpine": "sudo apk add bubblewrap",
    "suse": "sudo zypper install bubblewrap",
}
# what a machine runs out of before a wall can fail
_SCARCE: Final = {
    os.strerror(errno.EMFILE): "ulimit -n 1024",
    os.strerror(errno.EAGAIN): "ulimit -u 1024",
    os.strerror(errno.ENOMEM): "ulimit -v unlimited    # or give the machine more memory",
}
# allows user namespaces for this one program, as Ubuntu does for browsers, and for no other
_APPARMOR: Final = (
    r"printf 'abi <abi/4.0>,\nprofile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }\n' "
    "| sudo tee /etc/apparmor.d/bwrap && sudo apparmor_parser -r /etc/apparmor.d/bwrap"
)
_CONTAINER: Final = (
    "docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined ... (or strict on the host itself)"
)


def _boxed() -> WallPlan | Check:
    if sys.platform != "linux":
        return Check(name="box: namespaces", holds=None, detail="Linux only", remedy=_not_linux().remedy)
    bwrap = bubblewrap.find()
    if bwrap is None:
        return Check(name="box: namespaces", holds=False, detail="bubblewrap (bwrap) is not on PATH", remedy=_install_command())
    return walls.WallPlan(walls=("namespaces", "seccomp"), bwrap=bwrap)


def _not_linux() -> Check:
    remedy = "wsl --install" if sys.platform == "win32" else "grade in a Linux container or virtual machine"
    return Check(name="seccomp", holds=None, detail=f"{sys.platform} has no seccomp", remedy=remedy)


def _install_command() -> str:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return "install bubblewrap with your package manager"
    names = (release.get("ID", ""), *release.get("ID_LIKE", "").split())
    return next((_INSTALL[name] for name in names if name in _INSTALL), "install bubblewrap with your package manager")


def _remedy(plan: WallPlan, reason: str) -> str:
    for told, command in _SCARCE.items():
        if told in reason:
            return command
    failed = failed_wall(plan)
    if not plan.bwrap or (failed and failed.wall == "seccomp"):
        return "run on a kernel with seccomp filters (CONFIG_SECCOMP_FILTER), x86-64 or aarch64"
    if _kernel_setting("kernel/apparmor_restrict_unprivileged_userns") == "1" and not _in_container():
        return _APPARMOR
    if _kernel_setting("kernel/unprivileged_userns_clone") == "0":
        return "sudo sysctl -w kernel.unprivileged_userns_clone=1"
    if _kernel_setting("user/max_user_namespaces") == "0":
        return "sudo sysctl -w user.max_user_namespaces=15000"
    if _in_container():
        return _CONTAINER
    return f"bwrap --unshare-user --ro-bind / / true    # shows what stands in the way ({reason})"


def _kernel_setting(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _in_container() -> bool:
    return any(Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv")) or "KUBERNETES_SERVICE_HOST" in os.environ


def _facts() -> dict[str, str]:
    facts = {"system": f"{platform.system()} {platform.release()} {platform.machine()}", "python": platform.python_version()}
    if sys.platform == "linux":
        from grader.sandbox.wire.kernel import landlock_version, machine

        facts["user"] = "root" if os.geteuid() == 0 else "ordinary"
        facts["bubblewrap"] = shutil.which("bwrap") or "not installed"
        facts["seccomp table"] = platform.machine() if machine() else "none for this architecture"
        facts["landlock"] = f"version {landlock_version()}" if landlock_version() else "not there"
        facts["container"] = "yes" if _in_container() else "no"
    return facts
