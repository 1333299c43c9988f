"""Read `dims`, `inputs`, `forward` and `upstream` of an exercise file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader.exercise.formula import Formula, FormulaError, evaluate_integer
from grader.exercise.loading.draft import AXIS, INPUT, LINE, Draft, in_order
from grader.exercise.loading.draws import LAWS, read_draw
from grader.exercise.loading.faults import Faults, listed, suggestion
from grader.exercise.loading.reading import add_formula_error, as_formula, as_text, entries
from grader.exercise.loading.shapes import ShapeTrial, Sizes, corners, name_axes, spread, sweep
from grader.exercise.loading.traps import is_plain_number, misread_number
from grader.exercise.loading.yaml_nodes import YamlMapping, YamlNode, YamlScalar
from grader.exercise.model import Axes, Axis, DerivedAxis, Draw, DrawnAxis, Input, Line, Upstream

MAX_SIZE = 4096  # largest size of an axis
MAX_ENTRIES = 2**25  # entries of an input or a target: 256 MiB

_RANGE = re.compile(r"([0-9]{1,9})\s*\.\.\s*([0-9]{1,9})")
_RANGE_REMEDY = "Write one number, a range as 2..6, or an expression of axes above it as H - K + 1."


# dims


def read_axes(fields: YamlMapping, draft: Draft) -> None:
    """Read every axis with its sizes."""
    for key, node in fields:
        if key.text not in draft.unsound:
            axis = _axis(key.text, node, draft)
            if axis is not None:
                draft.axes[key.text] = axis
    axes = tuple(draft.axes.values())
    for place, axis in enumerate(axes):
        if isinstance(axis, DerivedAxis) and not corners(axes[: place + 1]):
            what = f"dims.{axis.name} is less than 1 at all sizes in these ranges."
            draft.faults.add(draft.declared[axis.name].line, what, "Widen the ranges, or correct the expression.")
            break


def _axis(name: str, node: YamlNode, draft: Draft) -> DrawnAxis | DerivedAxis | None:
    place, faults = f"dims.{name}", draft.faults
    if not isinstance(node, YamlScalar):
        faults.add(node.line, f"{place} is not one size.", _RANGE_REMEDY)
        return None
    found = _RANGE.fullmatch(node.text.strip())
    if found or (node.kind == "integer" and is_plain_number(node.text) and len(node.text) < 10):
        low, high = (int(found[1]), int(found[2])) if found else (int(node.text), int(node.text))
        if 1 <= low <= high <= MAX_SIZE:
            return DrawnAxis(name=name, low=low, high=high)
        faults.add(node.line, f"{place} is {node.text}.", f"Sizes go from 1 to {MAX_SIZE}; write the smaller one first.")
        return None
    if node.kind in ("integer", "number"):
        what = node.text if is_plain_number(node.text) else misread_number(node)[0]
        faults.add(node.line, f"{place} is {what}.", _RANGE_REMEDY)
        return None
    if ".." in node.text:
        faults.add(node.line, f'{place} is "{node.text}".', _RANGE_REMEDY)
        return None
    if node.style != "plain" and node.text.isdigit():
        faults.add(node.line, f'{place} is the text "{node.text}", not a number.', "Remove the quotes.")
        return None
    formula = as_formula(node, place, faults)
    return _derived(name, formula, node.line, draft) if formula else None


def _derived(name: str, formula: Formula, line: int, draft: Draft) -> DerivedAxis | None:
    place, faults = f"dims.{name}", draft.faults
    if not formula.names:
        faults.add(line, f"{place} is `{formula.text}`, which names no axis.", _RANGE_REMEDY)
        return None
    draft.used |= formula.names
    for other in sorted(formula.names - draft.axes.keys()):
        if other == name:
            faults.add(line, f"{place} uses itself.", _RANGE_REMEDY)
        elif other in draft.names(AXIS):
            if draft.declared[other].line > line:
                faults.add(line, f"{place} uses `{other}`, which is not defined above this line.", f"Move it below `{other}`.")
        else:
            remedy = f"Axes: {listed(draft.names(AXIS))}. {suggestion(other, draft.names(AXIS))}".strip()
            faults.add(line, f"{place} uses `{other}`, which is no axis.", remedy)
    if formula.names - draft.axes.keys():
        return None
    axis = DerivedAxis(name=name, size=formula)
    return axis if _is_integer(axis, line, draft) else None


def _is_integer(axis: DerivedAxis, line: int, draft: Draft) -> bool:
    """Tell whether the expression has whole values; whether they are positive is checked later."""
    try:
        evaluate_integer(axis.size, {name: 7919 + 2 * place for place, name in enumerate(draft.axes)})
    except FormulaError as error:
        add_formula_error(line, f"dims.{axis.name}", error.what, error.remedy, draft.faults)
        return False
    return True


# inputs

_SCALAR_REMEDY = (
    "Write axis names with spaces between them, as `m n`, or `scalar`; then, if it is not normal, ` ~ ` and the draw."
)


def read_inputs(fields: YamlMapping, draft: Draft) -> None:
    """Read every input with its shape and its draw."""
    for key, node in fields:
        if key.text in draft.unsound:
            continue
        place = f"inputs.{key.text}"
        shape, draw_text, line = _shape_and_draw(node, place, draft.faults)
        axes = _axes(shape, line, place, draft) if shape is not None else None
        draw = read_draw(draw_text, axes, draft.names(AXIS)) if draw_text is not None else Draw()
        if not isinstance(draw, Draw):
            draft.faults.add(line, f"{place}: {draw[0]}.", draw[1])
        elif axes is not None:
            draft.used |= {axis for axis in draw.parameters if isinstance(axis, str)}
            draft.inputs[key.text] = Input(name=key.text, axes=axes, draw=draw)


def _shape_and_draw(node: YamlNode, place: str, faults: Faults) -> tuple[str | None, str | None, int]:
    """Return the texts of both, from the short form `m n ~ normal` or the mapping."""
    if isinstance(node, YamlMapping):
        found = entries(node, place, faults, required=("shape",), optional=("draw",))
        shape = as_text(found["shape"], f"{place}.shape", faults) if "shape" in found else None
        draw = as_text(found["draw"], f"{place}.draw", faults) if "draw" in found else None
        return shape, draw, found["shape"].line if "shape" in found else node.line
    if isinstance(node, YamlScalar) and node.kind == "integer":
        return node.text, None, node.line  # _axes says what is wrong with a number
    text = as_text(node, place, faults)
    if text is None:
        return None, None, node.line
    shape, tilde, draw = text.partition("~")
    if tilde and not draw.strip():
        faults.add(node.line, f"{place}: nothing follows `~`.", f"Draws: {listed(LAWS)}.")
        return shape, None, node.line
    return shape, draw if tilde else None, node.line


def _axes(text: str, line: int, place: str, draft: Draft) -> Axes | None:
    """Read the axis names of a shape, in order."""
    words = text.split()
    if words == ["scalar"]:
        return ()
    faults, known = draft.faults, draft.names(AXIS)
    plain = " ".join(re.sub(r"[\[\](),]", " ", text).split())
    draws = [law for law in LAWS if law in plain.split()]
    if draws:
        faults.add(
            line, f"{place} has the draw `{draws[0]}` in its shape.", "A draw follows ` ~ `, as in `m n ~ uniform(-1, 1)`."
        )
        return None
    if not words or plain != " ".join(words):
        what = f"{place} has the shape `{text.strip()}`." if words else f"{place} has no shape."
        faults.add(line, what, f"Write `{plain}`: names with spaces between." if words and plain else _SCALAR_REMEDY)
        return None
    for word in words:
        draft.used.add(word)
        if word not in known:
            faults.add(line, *_unknown_axis(word, place, draft))
    return tuple(words) if all(word in draft.axes for word in words) else None


def _unknown_axis(word: str, place: str, draft: Draft) -> tuple[str, str]:
    known = draft.names(AXIS)
    if word.isdigit():
        return f"{place} has the number {word} in its shape.", f"Name the axis in dims, as `k: {word}`, and write k here."
    if word in draft.declared:
        return f"{place}: `{word}` is {draft.declared[word].what}, not an axis.", f"Axes: {listed(known)}."
    return f"{place}: `{word}` is not an axis of dims.", f"Axes: {listed(known)}. {suggestion(word, known)}".strip()


# forward


@dataclass(frozen=True, slots=True)
class _Problem:
    """The reason why a line has no shape, or one without names."""

    what: str
    remedy: str
    everywhere: bool = True  # at all sizes that were tried


def read_forward(fields: YamlMapping, draft: Draft) -> None:
    """Read every line with its formula and the axes of its shape."""
    formulas: dict[str, tuple[Formula, int]] = {}
    above: list[str] = []
    for key, node in fields:
        place = f"forward.{key.text}"
        formula = as_formula(node, place, draft.faults)
        if (
            formula
            and draft.check_names(node.line, place, formula, (*draft.names(INPUT), *above, *draft.names(AXIS)))
            and key.text not in draft.unsound
        ):
            formulas[key.text] = (formula, node.line)
        if key.text not in draft.unsound:
            above.append(key.text)
    _infer(formulas, draft)


def _infer(formulas: Mapping[str, tuple[Formula, int]], draft: Draft) -> None:
    """
    Infer the axes of every line.

    Sizes in the ranges decide whether a line is right. Spread sizes only help to name axes, and are left out if a formula holds
    in its ranges alone, as one with a literal size does.
    """
    axes = tuple(draft.axes.values())
    possible = corners(axes) if len(axes) == len(draft.names(AXIS)) else ()
    if not possible:
        return
    earlier: dict[str, _Problem] = {}
    for trials in _trials(axes, possible):
        lines, problems = _attempt(trials, formulas, draft)
        if not problems:
            break
        earlier = {**problems, **earlier}
    draft.trials, draft.lines = trials, lines
    draft.used |= {axis for line in lines.values() for axis in line.axes}  # an axis may be there to name a size
    for name, last in problems.items():
        # A line that fails everywhere failed at the first spread sizes, too. All sizes differ there: the message can name axes.
        problem = earlier[name] if last.everywhere else last
        draft.faults.add(formulas[name][1], f"forward.{name}: {problem.what}.", problem.remedy)


def _trials(axes: Sequence[Axis], possible: Sequence[Sizes]) -> Iterator[tuple[ShapeTrial, ...]]:
    """
    Yield the sizes to try, one set after the other.

    First the ends of the ranges with spread sizes, then the same with axes of one size left alone, last the ranges only.
    """
    within = tuple(ShapeTrial(sizes) for sizes in possible)
    for keep_fixed in (False, True):
        yield (*(ShapeTrial(sizes, is_spread=True) for sizes in spread(axes, keep_fixed=keep_fixed)), *within)
    yield (*within, *map(ShapeTrial, sweep(axes)))


def _attempt(
    trials: tuple[ShapeTrial, ...], formulas: Mapping[str, tuple[Formula, int]], draft: Draft
) -> tuple[dict[str, Line], dict[str, _Problem]]:
    lines: dict[str, Line] = {}
    problems: dict[str, _Problem] = {}
    for trial in trials:
        for item in draft.inputs.values():
            trial.shapes[item.name] = trial.shape(item.axes)
    for name, (formula, _) in formulas.items():
        if any(used in draft.declared and used not in draft.axes and used not in trials[0].shapes for used in formula.names):
            continue  # a name in it is faulty, which is noted already
        outcome = _line(name, formula, trials, lines, draft)
        if isinstance(outcome, _Problem):
            problems[name] = outcome
        else:
            lines[name] = outcome
    return lines, problems


def _line(
    name: str, formula: Formula, trials: tuple[ShapeTrial, ...], lines: Mapping[str, Line], draft: Draft
) -> Line | _Problem:
    shapes, errors = [], []
    for trial in trials:
        try:
            shapes.append(trial.infer(formula))
        except FormulaError as error:
            errors.append((trial, error))
    if errors:
        trial, first = errors[0]
        everywhere = len(errors) == len(trials)
        at = "" if everywhere else f"at {trial}, "
        return _Problem(f"{at}{first.what.rstrip('.')}", first.remedy, everywhere)
    if len({len(shape) for shape in shapes}) > 1:
        return _Problem("its number of axes depends on sizes", "Write it so that it has the same axes at all sizes.")
    operands = [axis for used in in_order(formula) for axis in (draft.inputs[used].axes if used in draft.inputs else ())]
    operands += [axis for used in in_order(formula) if used in lines for axis in lines[used].axes if axis in draft.axes]
    axes = name_axes(shapes, [trial.sizes for trial in trials], tuple(dict.fromkeys(operands)))
    named = tuple(axis for axis in axes if axis is not None)
    if len(named) < len(axes):
        remedy = "Add an axis to dims that says what it is, as `P: (H - K) // 2 + 1`."
        return _Problem(f"the size of axis {axes.index(None)} of its shape has no name", remedy)
    for trial, shape in zip(trials, shapes, strict=True):
        trial.shapes[name] = shape
    return Line(name=name, formula=formula, axes=named)


# upstream


def read_upstream(fields: YamlMapping, draft: Draft) -> None:
    """Read every upstream gradient with its shape."""
    for key, node in fields:
        place = f"upstream.{key.text}"
        text = as_text(node, place, draft.faults)
        if text is None or key.text in draft.unsound:
            continue
        words = text.split()
        if words[0] == "like":
            _like(key, node.line, words[1:], draft)
            continue
        axes = _axes(text, node.line, place, draft)
        if axes is not None:
            draft.upstream[key.text] = Upstream(name=key.text, axes=axes)
    for trial in draft.trials:
        for item in draft.upstream.values():
            trial.shapes[item.name] = trial.shapes[item.like] if item.like else trial.shape(item.axes)


def _like(key: YamlScalar, line: int, words: list[str], draft: Draft) -> None:
    place, faults, known = f"upstream.{key.text}", draft.faults, draft.names(LINE)
    if len(words) != 1:
        faults.add(
            line, f"{place}: `like` is followed by {len(words)} names.", "Write `like Y` with the name of one line of forward."
        )
        return
    name = words[0]
    if name not in known:
        is_what = f"{draft.declared[name].what}, not a line of forward" if name in draft.declared else "not defined"
        faults.add(
            line,
            f"{place}: `{name}` is {is_what}.",
            f"Lines of forward: {listed(known)}. {suggestion(name, known)}".strip(),
        )
        return
    axes = draft.axes_of(name)
    if axes is None:
        return
    unnamed = [axis for axis in axes if axis not in draft.axes and not axis.isdigit()]
    if unnamed:
        what = f"{place}: {name} has an axis of size {unnamed[0]}, which dims does not name."
        faults.add(line, what, f"Name it in dims, as `p: {unnamed[0]}`.")
        return
    draft.upstream[key.text] = Upstream(name=key.text, axes=axes, like=name)
