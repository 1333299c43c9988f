"""Read the draws of inputs, as `uniform(-1, 1)`, and check them against the shape that they fill."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from grader.exercise.loading.faults import listed, suggestion
from grader.exercise.model import Axes, Draw
from grader.text import counted

# Draws: how many parameters each takes, and the form to show.
LAWS: Mapping[str, tuple[int, str]] = {
    "normal": (0, "normal"),
    "uniform": (2, "uniform(-1, 1)"),
    "positive": (0, "positive"),
    "integers": (2, "integers(0, 9)"),
    "nonzero": (0, "nonzero"),
    "distinct": (0, "distinct"),
    "simplex": (0, "simplex"),
    "symmetric": (0, "symmetric"),
    "spd": (0, "spd"),
    "orthogonal": (0, "orthogonal"),
    "labels": (1, "labels(C)"),
    "onehot": (0, "onehot"),
    "mask": (1, "mask(0.5)"),
    "choice": (-1, "choice(0.5, 1, 2)"),
}
_SQUARE = ("symmetric", "spd", "orthogonal")
_LAST_AXIS = ("simplex", "onehot")


def read_draw(text: str, axes: Axes | None, known: Sequence[str]) -> Draw | tuple[str, str]:
    """Read a draw for a shape (None if that is not known); return what is wrong and what to do if it is none."""
    found = re.fullmatch(r"\s*(\w+)\s*(?:\((.*)\))?\s*", text)
    if not found or found[1] not in LAWS:
        name = found[1] if found else text.strip()
        return f"`{name}` is not a draw", f"{suggestion(name, LAWS)} Draws: {listed(LAWS)}.".strip()
    law = found[1]
    count, form = LAWS[law]
    words = [word.strip() for word in found[2].split(",")] if found[2] and found[2].strip() else []
    if len(words) != count and not (count < 0 and words):
        return f"{law} has {counted(len(words), 'parameter')}", f"Write {form}."
    if law == "labels":
        if words[0] in known:
            return Draw(law="labels", parameters=(words[0],))
        return f"`{words[0]}` is not an axis of dims", f"Axes: {listed(known)}. {suggestion(words[0], known)}".strip()
    numbers = tuple(number for number in map(_parameter, words) if number is not None)
    if len(numbers) < len(words):
        wrong = next(word for word in words if _parameter(word) is None)
        return f"`{wrong}` is not a number", f"Write {form}."
    return _empty(law, numbers) or (_misfit(law, axes) if axes is not None else None) or Draw(law=law, parameters=numbers)


def _parameter(word: str) -> float | None:
    """Read a finite number, also one such as 1e-3: YAML does not read this text."""
    try:
        value = float(word)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in word else None


def _empty(law: str, numbers: Sequence[float]) -> tuple[str, str] | None:
    """Say what is wrong with the numbers of a draw."""
    written = f"{law}({', '.join(f'{number:g}' for number in numbers)})"
    match law:
        case "uniform" | "integers" if numbers[0] >= numbers[1]:
            return f"{written} is an empty range", "The first number has to be the smaller one."
        case "integers" if not all(number.is_integer() and abs(number) <= 2**31 for number in numbers):
            return f"{written} has an end that is no whole number", "Write whole numbers."
        case "mask" if not 0 < numbers[0] < 1:
            return f"{written} is always the same", "The probability of a 1 lies between 0 and 1."
        case _:
            return None


def _misfit(law: str, axes: Axes) -> tuple[str, str] | None:
    """Say what is wrong with a draw for a shape."""
    if law in _SQUARE and (len(axes) < 2 or axes[-1] != axes[-2]):
        return (
            f"{law} needs a square matrix, and the shape is `{' '.join(axes) or 'scalar'}`",
            "Give the last two axes one name, as `n n`.",
        )
    if law in _LAST_AXIS and not axes:
        return f"{law} needs an axis, and the shape is scalar", "Write an axis, as `C`."
    return None
