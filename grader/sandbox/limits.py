"""What one call may use, and the arrays that it is given. Apart from `job`, since every exercise has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Arrays: TypeAlias = Literal["numpy", "torch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one call may use: CPU seconds (loading has the same, the whole submission ten times that) and memory."""

    seconds: float = 10.0
    memory_mib: int = 1024
