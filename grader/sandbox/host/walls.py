"""
Plan the walls of a sandbox: what is asked for, an administrator's floor under it, and what there is to fall back on.

Here is only the plan; whether the walls hold is found out by a zygote that tries them.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias

from grader.errors import Fault, SandboxError
from grader.sandbox.host import bubblewrap

Isolation: TypeAlias = Literal["strict", "best", "none"]

POLICY_FILE: Final = Path("/etc/autograd-grader.conf")
_LEVELS: Final[tuple[Isolation, ...]] = ("none", "best", "strict")


@dataclass(frozen=True, slots=True, kw_only=True)
class WallPlan:
    """Walls that are put up together; `bwrap` is where bubblewrap is, which makes the box."""

    walls: tuple[str, ...]
    bwrap: str | None = None

    @property
    def isolation(self) -> Isolation:
        """The level that the walls come to."""
        if "seccomp" not in self.walls:
            return "none"
        return "strict" if "namespaces" in self.walls else "best"


class FailedWall(NamedTuple):
    """A wall that could not be put up on this machine."""

    wall: str  # "bubblewrap" or "seccomp"
    reason: str

    def __str__(self) -> str:
        return f"{self.wall} does not work here: {self.reason}"


NOT_INSTALLED: Final = "bubblewrap (bwrap) is not installed"
OPEN: Final = WallPlan(walls=())
SEALED: Final = WallPlan(walls=("seccomp", "landlock"))


def plans(asked: Isolation) -> tuple[tuple[WallPlan, ...], tuple[str, ...]]:
    """Return the walls to try in turn for this level, and why better ones are not among them. Reads the floor."""
    level = max(asked, floor(), key=_LEVELS.index)
    if level == "none":
        return (OPEN,), ()
    if sys.platform != "linux":
        return (), (f"{sys.platform} has neither namespaces nor seccomp",)
    from grader.sandbox.wire.kernel import machine  # loads ctypes, which only a plan needs

    if machine() is None:
        return (), ("there is no table of system calls for this machine's architecture",)
    bwrap = bubblewrap.find()
    boxed = (WallPlan(walls=("namespaces", "seccomp"), bwrap=bwrap),) if bwrap else ()
    why = () if bwrap else (NOT_INSTALLED,)
    return (boxed, why) if level == "strict" else ((*boxed, SEALED), why)


def floor(path: Path | None = None) -> Isolation:
    """Read the least isolation that this machine's administrator allows: `isolation = strict` in a file of root's."""
    path = path or POLICY_FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, FileNotFoundError) and not path.is_symlink():
            return "none"
        # a floor that cannot be read is not one that may be lowered
        raise SandboxError(Fault(str(path), f"it cannot be read: {error}", "Ask the administrator of this machine.")) from error
    least: Isolation = "none"
    for number, line in enumerate(lines, 1):
        setting = line.partition("#")[0].strip()
        if not setting:
            continue
        key, _, value = (part.strip() for part in setting.partition("="))
        if key != "isolation" or value not in _LEVELS:
            remedy = "Write: isolation = strict (or best, or none)"
            raise SandboxError(Fault(f"{path}:{number}", f"`{setting}` is not a setting", remedy))
        least = max(least, value, key=_LEVELS.index)
    return least


def refusal(asked: Isolation, reasons: tuple[str, ...]) -> SandboxError:
    """Return the error of a machine that cannot do what is asked, with the ways out."""
    least = floor()
    what = f"student code cannot be run here under isolation `{asked}`"
    if _LEVELS.index(least) > _LEVELS.index(asked):
        what = f"student code cannot be run here under isolation `{least}`, which {POLICY_FILE} asks for"
    told = (f"{reason[:1].upper()}{reason[1:]}".rstrip(".") + "." for reason in dict.fromkeys(reasons))
    remedy = [*told, *_ways_out(reasons, may_go_without=least == "none" != asked)]
    return SandboxError(Fault("sandbox", what, "\n".join(remedy)))


def _ways_out(reasons: tuple[str, ...], *, may_go_without: bool) -> list[str]:
    ways = []
    if sys.platform == "linux":
        if NOT_INSTALLED in reasons:
            ways.append("Install it: sudo apt install bubblewrap (Debian, Ubuntu), sudo dnf install bubblewrap (Fedora).")
        ways.append("`grader doctor` says what is missing and the command that adds it.")
    elif sys.platform == "win32":
        ways.append("Grade in WSL2 or in a Linux container.")
    else:
        ways.append("Grade in a Linux container or virtual machine.")
    if may_go_without:
        ways.append("Code that you trust can be run without protection: --isolation none.")
    return ways
