"""The body of a model answer does in a notebook what the function does in its file."""

from __future__ import annotations

from typing import Any

import pytest

from grader.nbgrader.cells import BEGIN, END
from grader.nbgrader.model_answers import bodies

_TWICE = "def twice(f):\n    return lambda x: 2 * f(x)\n\n@twice\n"


@pytest.mark.parametrize(
    ("model", "value"),
    [
        ("def f(x): return 2 * x\n", 6),
        ('def f(x):\n    "Doc."; return 2 * x\n', 6),
        ("def f(x, *, eps=2):\n    return x * eps\n", 6),
        ("def f(y):\n    return 2 * y\n", 6),
        ("EPS: float = 2.0\n\ndef f(x):\n    return x * EPS\n", 6.0),
        ("a, (b, *c) = 1, (2, 2)\n\ndef f(x):\n    return x * c[0]\n", 6),
        (_TWICE + "def f(x):\n    return x\n", 6),
        (_TWICE + "def g(x):\n    return x\n\ndef f(x):\n    return g(x)\n", 6),
        ('TEXT = """a\n b"""\n\ndef f(x):\n    return TEXT + """c\nd"""\n', "a\n bc\nd"),
    ],
)
def test_model_answers_of_any_form_go_in_as_they_are(model: str, value: object) -> None:
    """On one line, with other parameters, constants, decorators and long texts: the notebook's function returns the same."""
    namespace: dict[str, Any] = {}
    exec(f"def f(x):\n    {BEGIN}\n{bodies(model, {'f': ('x',)})['f']}\n    {END}\n", namespace)
    assert value == namespace["f"](3)
