"""Runs student code where it can harm neither the machine nor the mark. SECURITY.md says against whom."""

from __future__ import annotations

from grader.sandbox.sandbox import Isolation, Method, Sandbox

__all__ = ["Isolation", "Method", "Sandbox"]
