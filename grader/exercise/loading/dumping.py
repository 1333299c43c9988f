"""Write an exercise as YAML text that loads as the same exercise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import yaml

from grader.exercise.assignment import Assignment, LateRule
from grader.exercise.formula import Formula
from grader.exercise.model import (
    JVP,
    VJP,
    Axis,
    DerivedAxis,
    Draw,
    Exercise,
    Hessian,
    Input,
    Mistake,
    NamedCase,
    Target,
    Task,
    Value,
    quantities,
)
from grader.sandbox.limits import Limits


class _OneLineMapping(dict[str, Any]):
    """A mapping that is written on one line."""


class _BlockText(str):
    """A text of several lines, written below its key."""


class _Dumper(yaml.SafeDumper):
    """A YAML writer: keys in our order, lists indented below their keys, no aliases."""

    def ignore_aliases(self, data: object) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


_Dumper.add_representer(
    _OneLineMapping, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=True)
)
_Dumper.add_representer(_BlockText, lambda dumper, data: dumper.represent_scalar("tag:yaml.org,2002:str", data, style="|"))


def dump(exercise: Exercise) -> str:
    """Write an exercise as YAML, in the order of the format, without default values. `load(dump(e)) == e`."""
    plain = Exercise(id="", title="", axes=(), inputs=(), forward=(), tasks=())
    head: dict[str, Any] = {"schema": 1, "title": _text(exercise.title)}
    for name in ("source", "statement"):
        if getattr(exercise, name) is not None:
            head[name] = _text(getattr(exercise, name))
    rules = {name: getattr(exercise, name) for name in ("arrays", "autodiff", "numerical", "rtol", "partial")}
    rules = {name: value for name, value in rules.items() if value != getattr(plain, name)}
    if exercise.limits != Limits():
        rules["limits"] = _OneLineMapping(seconds=_number(exercise.limits.seconds), memory_mib=exercise.limits.memory_mib)
    cases: dict[str, Any] = {"random": exercise.random_cases}
    if exercise.named_cases:
        cases["named"] = {case.name: _case(case) for case in exercise.named_cases}
    parts: tuple[dict[str, Any], ...] = (
        head,
        {"dims": {axis.name: _size(axis) for axis in exercise.axes}} if exercise.axes else {},
        {"inputs": {item.name: _input(item) for item in exercise.inputs}},
        {"forward": {line.name: _formula(line.formula) for line in exercise.forward}},
        {"upstream": {item.name: f"like {item.like}" if item.like else _shape(item.axes) for item in exercise.upstream}}
        if exercise.upstream
        else {},
        {"tasks": [_task(task) for task in exercise.tasks]},
        {"cases": cases},
        rules,
    )
    return "\n".join(yaml.dump(part, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120) for part in parts if part)


def dump_for_students(exercise: Exercise) -> str:
    """Write an exercise without the declared mistakes, which would show what to avoid."""
    tasks = tuple(
        replace(task, targets=tuple(replace(target, mistakes=()) for target in task.targets)) for task in exercise.tasks
    )
    return dump(replace(exercise, tasks=tasks))


def dump_assignment(assignment: Assignment, paths: Mapping[str, str] | None = None) -> str:
    """
    Write an assignment for a folder with its exercises, which already have what it overrides; named by `paths` if given.

    What concerns single students is left out: extensions, the ledger, points given by hand.
    """
    exercises = [(paths or {}).get(one.id, one.id) for one in assignment.exercises]
    data: dict[str, Any] = {"schema": 1, "title": assignment.title, "exercises": exercises}
    if assignment.due is not None:
        data["due"] = assignment.due.isoformat()
    if assignment.late is not None:
        data["late"] = _late(assignment.late)
    if assignment.shown_cases != "public":
        data["feedback"] = _OneLineMapping(level=assignment.feedback, cases=assignment.shown_cases)
    elif assignment.feedback != "full":
        data["feedback"] = assignment.feedback
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def _late(rule: LateRule) -> Mapping[str, Any]:
    data = _OneLineMapping(per_day=f"{100 * rule.per_day:.10g}%")
    if rule.grace_seconds:
        data["grace"] = f"{rule.grace_seconds / 60:.10g} minutes"
    if rule.free_days:
        data["free_days"] = rule.free_days
    if rule.at_most != 1:
        data["at_most"] = f"{100 * rule.at_most:.10g}%"
    return data


def _text(text: str) -> str:
    return _BlockText(text) if "\n" in text else text


def _formula(formula: Formula) -> str:
    return " ".join(formula.text.split())


def _size(axis: Axis) -> str | int:
    if isinstance(axis, DerivedAxis):
        return _formula(axis.size)
    return axis.low if axis.low == axis.high else f"{axis.low}..{axis.high}"


def _shape(axes: tuple[str, ...]) -> str:
    return " ".join(axes) or "scalar"


def _input(item: Input) -> str:
    return _shape(item.axes) if item.draw == Draw() else f"{_shape(item.axes)} ~ {_draw(item.draw)}"


def _draw(draw: Draw) -> str:
    written = ", ".join(str(p if isinstance(p, str) else _number(p)) for p in draw.parameters)
    return f"{draw.law}({written})" if written else draw.law


def _number(value: float) -> float:
    """Return a whole number without its `.0`."""
    return int(value) if value == int(value) and abs(value) < 2**53 else value


def _task(task: Task) -> dict[str, Any]:
    data: dict[str, Any] = {"call": str(task.call)}
    if task.call.given:
        data["given"] = {given.name: str(given) for given in task.call.given}
    data["returns"] = {target.name: _target(target) for target in task.targets}
    mistakes = {target.name: [_mistake(mistake) for mistake in target.mistakes] for target in task.targets if target.mistakes}
    if mistakes:
        data["mistakes"] = mistakes
    return data


def _target(target: Target) -> Mapping[str, Any]:
    kind = target.kind
    several = list(quantities(kind))
    data = _OneLineMapping({_WORDS[type(kind).__name__]: kind.of if len(several) == 1 else several})
    if not isinstance(kind, Value):
        data["wrt"] = kind.wrt
    match kind:
        case VJP():
            data["upstream"] = [upstream for _, upstream in kind.pairs] if kind.also else kind.upstream
        case JVP():
            data["tangent"] = kind.tangent
        case Hessian() if kind.other != kind.wrt:
            data["and"] = kind.other
    if target.layout != "numerator":
        data["layout"] = target.layout
    if target.points != 1:
        data["points"] = _number(target.points)
    return data


def _mistake(mistake: Mistake) -> dict[str, Any]:
    data: dict[str, Any] = {"returned": _formula(mistake.returned), "hint": _text(mistake.hint)}
    if mistake.credit:
        data["credit"] = _number(mistake.credit)
    return data


def _case(case: NamedCase) -> Mapping[str, Any]:
    data = _OneLineMapping(case.sizes)
    if case.scale:
        data["scale"] = dict(case.scale)
    if case.set:
        data["set"] = {name: _lists(value) for name, value in case.set.items()}
    return data


def _lists(value: object) -> object:
    return [_lists(item) for item in value] if isinstance(value, tuple | list) else value


_WORDS: Mapping[str, str] = {kind: kind.lower() for kind in ("Value", "Local", "Gradient", "Jacobian", "VJP", "JVP", "Hessian")}
