"""Read `cases` of an exercise file: the number of random ones, and the named edge cases."""

from __future__ import annotations

import math
import re

from grader.exercise.formula import FormulaError, evaluate_integer
from grader.exercise.loading.draft import AXIS, INPUT, Draft
from grader.exercise.loading.faults import listed, suggestion
from grader.exercise.loading.quantities import MAX_SIZE
from grader.exercise.loading.reading import as_fields, as_number, entries, in_range
from grader.exercise.loading.shapes import Sizes, corners
from grader.exercise.loading.traps import missing_space
from grader.exercise.loading.yaml_nodes import YamlList, YamlMapping, YamlNode, YamlScalar
from grader.exercise.model import DerivedAxis, Input, NamedCase
from grader.text import shape_text

MAX_CASES = 100
MAX_SCALE = 1e12
DEFAULT_RANDOM = 12
_REMEDY = "Write {n: 1, m: 1} for sizes, {scale: {W: 4.0}} for factors, {set: {B: 0.0}} for values."


def read_cases(fields: YamlMapping | None, draft: Draft) -> tuple[int, tuple[NamedCase, ...]]:
    """Read the number of random cases, and the named ones."""
    found = entries(fields, "cases", draft.faults, optional=("random", "named")) if fields else {}
    random = DEFAULT_RANDOM
    if "random" in found:
        value = in_range(found["random"], "cases.random", draft.faults, low=0, high=MAX_CASES, whole=True)
        random = DEFAULT_RANDOM if value is None else int(value)
    named = (
        as_fields(found["named"], "cases.named", draft.faults, remedy="Write a name and what is special: `one feature: {n: 1}`.")
        if "named" in found
        else None
    )
    cases = tuple(case for key, node in named or () if (case := _case(key, node, draft)) is not None)
    total = random + len(named.pairs if named else ())
    if fields and not 1 <= total <= MAX_CASES:
        draft.faults.add(
            fields.line, f"there are {total} cases.", f"Write from 1 to {MAX_CASES} of them, the named ones counted."
        )
    return random, cases


def _case(key: YamlScalar, node: YamlNode, draft: Draft) -> NamedCase | None:
    place = f"case {key.text}"
    if not key.text.strip():
        draft.faults.add(key.line, "A named case has an empty name.", "Write what is special about it.")
    if re.fullmatch(r"(small|random|probe) \d+", key.text):
        draft.faults.add(key.line, f"{place} has a name that is reserved for random cases.", "Write what is special about it.")
    fields = as_fields(node, place, draft.faults, remedy=_REMEDY)
    if fields is None:
        return None
    if not fields.pairs:
        draft.faults.add(fields.line, f"{place} sets nothing.", _REMEDY)
    sizes: dict[str, int] = {}
    scale: dict[str, float] = {}
    values: dict[str, YamlNode] = {}
    for name, value in fields:
        if name.text == "scale":
            scale = _scale(value, place, draft)
        elif name.text == "set":
            values = _inputs(value, f"{place}: set", draft)
        else:
            sizes.update(_size(name, value, place, draft))
    if not _check_sizes(sizes, fields.line, place, draft):
        return None
    fixed = {
        **{name: axis.low for name, axis in draft.axes.items() if not isinstance(axis, DerivedAxis) and axis.low == axis.high},
        **sizes,
    }
    fixed = _derived(fixed, draft)
    read = {
        name: _value(value, draft.inputs[name], fixed, f"{place}: set.{name}", draft)
        for name, value in values.items()
        if name in draft.inputs
    }
    return NamedCase(
        name=key.text, sizes=sizes, scale=scale, set={name: value for name, value in read.items() if value is not None}
    )


def _size(name: YamlScalar, node: YamlNode, place: str, draft: Draft) -> Sizes:
    known = draft.names(AXIS)
    if name.text not in known:
        what = f"{place}: `{name.text}` is not an axis."
        advice = missing_space(name.text)
        if advice:
            remedy = advice[1]
        elif name.text in draft.names(INPUT):
            remedy = f"For a value write {{set: {{{name.text}: ...}}}}, for a factor {{scale: {{{name.text}: ...}}}}."
        else:
            words = (*known, "scale", "set")
            remedy = f"{suggestion(name.text, words)} Axes: {listed(known)}; other keys: scale, set.".strip()
        draft.faults.add(name.line, what, remedy)
        return {}
    axis = draft.axes.get(name.text)
    if isinstance(axis, DerivedAxis):
        draft.faults.add(
            name.line,
            f"{place}: {name.text} follows from {axis.size.text}.",
            f"Give the sizes of {listed(sorted(axis.size.names))}.",
        )
        return {}
    size = in_range(node, f"{place}: {name.text}", draft.faults, low=1, high=MAX_SIZE, whole=True)
    return {} if size is None else {name.text: int(size)}


def _inputs(node: YamlNode, place: str, draft: Draft) -> dict[str, YamlNode]:
    """Read the values of `scale` or `set` by input."""
    fields = as_fields(node, place, draft.faults, remedy="Write inputs and numbers, as {B: 0.0}.")
    known = draft.names(INPUT)
    found: dict[str, YamlNode] = {}
    for key, value in fields or ():
        if key.text in known:
            found[key.text] = value
        else:
            draft.faults.add(
                key.line,
                f"{place}: `{key.text}` is not an input.",
                f"Inputs: {listed(known)}. {suggestion(key.text, known)}".strip(),
            )
    return found


def _scale(node: YamlNode, place: str, draft: Draft) -> dict[str, float]:
    factors: dict[str, float] = {}
    for name, value in _inputs(node, f"{place}: scale", draft).items():
        factor = in_range(value, f"{place}: scale.{name}", draft.faults, low=-MAX_SCALE, high=MAX_SCALE)
        if draft.is_integer(name):
            draft.faults.add(value.line, f"{place}: scale.{name} would change class indices.", "Use {set: ...} for them.")
        elif factor is not None:
            factors[name] = float(factor)
    return factors


def _check_sizes(sizes: Sizes, line: int, place: str, draft: Draft) -> bool:
    """Tell whether forward has a value at the sizes of a named case, which may leave the ranges."""
    axes = tuple(draft.axes.values())
    if len(axes) < len(draft.names(AXIS)) or not corners(axes):
        return False
    settings = corners(axes, sizes)
    if not settings:
        computed = listed(axis.name for axis in axes if isinstance(axis, DerivedAxis))
        draft.faults.add(line, f"{place}: at these sizes a computed axis ({computed}) is less than 1.", "Choose others.")
    if not sizes:
        return bool(settings)  # the ranges themselves, which have been tried
    try:
        draft.edge_trials += tuple(draft.trial(setting) for setting in settings)[:2]  # at the lowest and the highest sizes
    except FormulaError as error:
        draft.faults.add(line, f"{place}: {error.what}.", error.remedy or "Choose other sizes.")
        return False
    return bool(settings)


def _derived(fixed: dict[str, int], draft: Draft) -> dict[str, int]:
    """Add the sizes of axes that follow from known sizes."""
    for axis in draft.axes.values():
        if isinstance(axis, DerivedAxis) and axis.size.names <= fixed.keys():
            fixed[axis.name] = evaluate_integer(axis.size, fixed)
    return fixed


# Values of `set`: one number for all entries, or nested lists in the shape of the input.


def _value(node: YamlNode, item: Input, sizes: Sizes, place: str, draft: Draft) -> object:
    if isinstance(node, YamlScalar):
        number = as_number(node, place, draft.faults)
        return None if number is None else _entry(number, node, item, sizes, place, draft)
    if not isinstance(node, YamlList):
        draft.faults.add(node.line, f"{place} is a mapping.", "Write one number, or lists in the shape of the input.")
        return None
    loose = [axis for axis in item.axes if axis not in sizes]
    if loose:
        what = f"{place} is a list, and the size of {listed(loose)} is not given in this case."
        draft.faults.add(node.line, what, f"Add it, as `{loose[0]}: {len(node.nodes)}`, or set one number for all entries.")
        return None
    return _nested(node, item, 0, sizes, place, draft)


def _nested(node: YamlNode, item: Input, depth: int, sizes: Sizes, place: str, draft: Draft) -> object:
    wanted = tuple(sizes[axis] for axis in item.axes)
    size = wanted[depth] if depth < len(wanted) else None
    if isinstance(node, YamlList) and size == len(node.nodes):
        inner = [_nested(entry, item, depth + 1, sizes, place, draft) for entry in node.nodes]
        return None if None in inner else tuple(inner)
    if isinstance(node, YamlScalar) and size is None:
        number = as_number(node, place, draft.faults)
        return None if number is None else _entry(number, node, item, sizes, place, draft)
    found = (
        f"{len(node.nodes)} entries"
        if isinstance(node, YamlList)
        else "one number"
        if isinstance(node, YamlScalar)
        else "a mapping"
    )
    expected = f"{size} entries" if size is not None else "a number"
    draft.faults.add(
        node.line,
        f"{place} has {found} where {expected} belong{'s' * (size is None)}.",
        f"The shape of {item.name} in this case is {shape_text(wanted)}.",
    )
    return None


def _entry(number: float, node: YamlScalar, item: Input, sizes: Sizes, place: str, draft: Draft) -> float | None:
    """Check that one number fits the input: class indices are whole and below their axis."""
    if item.draw.law != "labels":
        if math.isfinite(number):
            return float(number)
        draft.faults.add(node.line, f"{place} is {node.text}.", "Write a finite number.")
        return None
    classes = sizes.get(str(item.draw.parameters[0]), 1 if number == 0 else MAX_SIZE)
    if isinstance(number, int) and 0 <= number < classes:
        return number
    draft.faults.add(
        node.line, f"{place} is {node.text}, which is no class index.", f"Indices go from 0 to {item.draw.parameters[0]} - 1."
    )
    return None
