"""Write numbers for people: few digits, a real minus sign, long lists cut short."""

from __future__ import annotations

import math

from grader.text import cleaned


def number(value: float | str, digits: int = 6) -> str:
    """
    Write a number for people: few digits, a real minus sign.

    >>> number(2.0), number(-0.0060212345), number(float("nan"))
    ('2', '−0.00602123', 'NaN')
    """
    value = float(value)  # strict JSON has "NaN" and its kin as text
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.{digits}g}".replace("-", "−")


def unlike(expected: float | str, actual: float | str) -> tuple[str, str]:
    """
    Write two numbers with as many digits as it takes to see that they differ.

    >>> unlike(0.25, 1.0), unlike(1.0000001, 1.0000002)
    (('0.25', '1'), ('1.0000001', '1.0000002'))
    """
    for digits in range(6, 18):
        pair = number(expected, digits), number(actual, digits)
        if pair[0] != pair[1]:
            return pair
    return pair


def compact(value: object, *, most: int = 12) -> str:
    """
    Write nested lists on one line; of more than `most` numbers, say how many there are.

    >>> compact([[1.0, 2.0], [3.0, -4.0]]), compact([0.0] * 20)
    ('[[1, 2], [3, −4]]', '20 numbers')
    """
    count = _count(value)
    if count > most:
        return f"{count} numbers"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(compact(item, most=most) for item in value) + "]"
    return number(value, 5) if isinstance(value, float | int | str) else cleaned(str(value))


def _count(value: object) -> int:
    return sum(map(_count, value)) if isinstance(value, list | tuple) else 1
