"""Run student code where it can harm neither the machine nor its own grade. SECURITY.md says against whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.sandbox.host.sandbox import Method, Sandbox
    from grader.sandbox.host.walls import Isolation

__all__ = ["Isolation", "Method", "Sandbox"]


def __getattr__(name: str) -> Any:
    """Look a public name up when it is first used: making a job must not load what runs it."""
    if name in __all__:
        from grader.sandbox.host import sandbox

        return getattr(sandbox, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
