"""
How a student's function is called: what its arguments are, and what other functions of the student's make first.

A vocabulary of its own, since a child that runs student code needs these words and no others of an exercise. Standard
library only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Name:
    """An input, an upstream gradient, an earlier quantity, an axis (as int), or a `given` name."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal number, string, boolean or None."""

    value: float | int | str | bool | None

    def __str__(self) -> str:
        return repr(self.value)


@dataclass(frozen=True, slots=True)
class Group:
    """A tuple of arguments, as in `affine_backward(dout, (x, w, b))`."""

    items: tuple[Argument, ...]

    def __str__(self) -> str:
        inner = ", ".join(map(str, self.items))
        return f"({inner},)" if len(self.items) == 1 else f"({inner})"


@dataclass(frozen=True, slots=True)
class Table:
    """A dict of arguments with text keys, as in `conv(x, w, {'stride': 1})`."""

    items: tuple[tuple[str, Argument], ...]

    def __str__(self) -> str:
        return "{" + ", ".join(f"{key!r}: {value}" for key, value in self.items) + "}"


Argument: TypeAlias = Name | Constant | Group | Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A value that the student's own function makes first: `cache: batchnorm_forward(x, gamma, beta)[1]`."""

    name: str
    function: str
    arguments: tuple[Argument, ...]
    item: int | None = None  # which entry of what it returns; None for all of it

    def __str__(self) -> str:
        inner = ", ".join(map(str, self.arguments))
        return f"{self.function}({inner})" + ("" if self.item is None else f"[{self.item}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a student's function, and the calls of other functions that make values for it first."""

    function: str
    arguments: tuple[Argument, ...]
    given: tuple[Given, ...] = ()

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.arguments))})"

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that is passed, to the function itself and to those of `given`; each once."""
        passed = (self.arguments, *(one.arguments for one in self.given))
        return tuple(dict.fromkeys(name for arguments in passed for name in names(arguments)))

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions that the student has to define: those of `given`, in order, then the function itself."""
        return tuple(dict.fromkeys((*(one.function for one in self.given), self.function)))


def names(arguments: Sequence[Argument]) -> Iterator[str]:
    """Yield every name among the arguments, nested ones too."""
    for argument in arguments:
        match argument:
            case Name():
                yield argument.name
            case Group():
                yield from names(argument.items)
            case Table():
                yield from names([value for _, value in argument.items])
            case Constant():
                pass
