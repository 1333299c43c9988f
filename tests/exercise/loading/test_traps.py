"""What YAML reads otherwise than its author meant, and what to write instead."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from grader.exercise.loading import tree
from grader.exercise.loading.faults import Faults
from grader.exercise.loading.reading import as_number
from grader.exercise.loading.yaml_nodes import YamlMapping

_DIGITS = st.text("0123456789", max_size=4)


@given(st.tuples(st.sampled_from(["", "-", "+", "−", "–"]), _DIGITS, st.sampled_from(["", "."]), _DIGITS).map("".join))
@example("-.5e-3")
@example("1e5")
@example("−.5E3")
@example("+.5e+3")
def test_the_number_that_is_advised_is_the_one_that_was_meant(text: str) -> None:
    """A number in a spelling that YAML 1.1 reads otherwise: what we say to write instead is read, as that number."""
    written = text.replace("−", "-").replace("–", "-")
    if not re.search(r"\d", written):
        return

    def read_number(spelling: str) -> tuple[float | None, str]:
        found = Faults("x.yaml")
        node = tree.read(f"x: {spelling}", found)
        assert isinstance(node, YamlMapping)
        value = as_number(node.pairs[0][1], "x", found)
        return value, "" if value is not None else str(found.error())

    value, fault = read_number(text)
    if value is None and not re.search(r"base 8", fault):
        value = read_number(re.search(r"[Ww]rite (\S+)\.$", fault)[1])[0]  # type: ignore[index]
        assert float(written) == value
