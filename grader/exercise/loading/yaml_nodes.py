"""The nodes of a YAML tree. Each knows its line and how it was written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

ScalarKind: TypeAlias = Literal["text", "integer", "number", "truth", "nothing", "date", "merge"]
ScalarStyle: TypeAlias = Literal["plain", "single", "double", "block"]


@dataclass(frozen=True, slots=True)
class YamlScalar:
    """A single value: its text without quotes, and what YAML 1.1 takes it for."""

    text: str
    line: int
    kind: ScalarKind = "text"
    style: ScalarStyle = "plain"
    span: tuple[int, int] = (0, 0)  # where it stands in the file, quotes included
    after: str = ""  # the comment that follows it on its line


@dataclass(frozen=True, slots=True)
class YamlList:
    """A list."""

    nodes: tuple[YamlNode, ...]
    line: int


@dataclass(frozen=True, slots=True)
class YamlMapping:
    """A mapping, in the order of the file and without duplicate keys."""

    pairs: tuple[tuple[YamlScalar, YamlNode], ...]
    line: int

    def __iter__(self) -> Iterator[tuple[YamlScalar, YamlNode]]:
        return iter(self.pairs)


YamlNode: TypeAlias = YamlScalar | YamlList | YamlMapping
