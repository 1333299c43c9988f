"""Read `tasks` of an exercise file: calls, given values, targets and mistakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from grader.exercise.formula import Formula, FormulaError
from grader.exercise.loading.calls import CallError, parse_call, parse_given
from grader.exercise.loading.draft import AXIS, INPUT, LINE, UPSTREAM, Draft
from grader.exercise.loading.faults import listed, suggestion
from grader.exercise.loading.reading import (
    add_formula_error,
    as_fields,
    as_formula,
    as_items,
    as_name,
    as_text,
    entries,
    in_range,
)
from grader.exercise.loading.shapes import ShapeTrial
from grader.exercise.loading.targets import read_target, target_shape
from grader.exercise.loading.yaml_nodes import YamlMapping, YamlNode, YamlScalar
from grader.exercise.model import Mistake, Target, Task, Value
from grader.sandbox.wire.call import Argument, Call, Given, names

_TASK_REMEDY = "A task is `call: f(x)` with `returns:` below it, as `df_dx: {jacobian: f, wrt: x}`."


@dataclass(frozen=True, slots=True)
class _ReadTarget:
    """A target that was read, its line, and the function of its task."""

    target: Target
    line: int
    function: str


def read_tasks(nodes: Sequence[YamlNode], draft: Draft) -> tuple[Task, ...]:
    """Read every task. Mistakes come last, as their formulas may use the targets of other tasks."""
    read: list[tuple[YamlMapping, Task]] = []
    answers: list[_ReadTarget] = []
    lines: dict[str, int] = {}
    for number, node in enumerate(nodes, 1):
        fields = as_fields(node, f"task {number}", draft.faults, remedy=_TASK_REMEDY)
        if fields is None:
            continue
        task = _task(fields, f"task {number}", draft, answers)
        if task is None:
            continue
        if task.function in lines:
            what = f"`{task.function}` is the function of two tasks; the first is at line {lines[task.function]}."
            draft.faults.add(fields.line, what, "Give one of them another name.")
        lines.setdefault(task.function, fields.line)
        read.append((fields, task))
    _check_clashes(answers, draft)
    return tuple(_with_mistakes(fields, task, answers, draft) for fields, task in read)


def _task(fields: YamlMapping, place: str, draft: Draft, answers: list[_ReadTarget]) -> Task | None:
    found = entries(fields, place, draft.faults, required=("call", "returns"), optional=("given", "mistakes"))
    given = _given(found["given"], draft) if "given" in found else ()
    named = [key.text for key, _ in found["given"]] if "given" in found and isinstance(found["given"], YamlMapping) else []
    call = _call(found["call"], draft, named) if "call" in found else None
    function = call.function if call else place
    targets = _targets(found["returns"], function, draft, answers) if "returns" in found else None
    if call is None or targets is None or given is None:
        return None
    whole = replace(call, given=given)
    for name in named:
        if name not in whole.names:
            draft.faults.add(found["given"].line, f"given.{name} is never used.", "Pass it in `call`, or remove it.")
    for target in targets:
        if isinstance(target.kind, Value) and target.kind.of in call.names:
            what = f"{function} is handed {target.kind.of}, which is its own answer."
            draft.faults.add(found["call"].line, what, f"Leave {target.kind.of} out of the call.")
    return Task(call=whole, targets=targets)


def _call(node: YamlNode, draft: Draft, given: Sequence[str]) -> Call | None:
    text = as_text(node, "call", draft.faults)
    if text is None:
        return None
    try:
        call = parse_call(text)
    except CallError as error:
        draft.faults.add(node.line, f"call {error.what}.", error.remedy)
        return None
    function = call.function
    is_named = as_name(YamlScalar(function, node.line), "a function", draft.faults, is_function=True)
    if function in draft.declared:
        what = f"`{function}` is a function here and {draft.declared[function].what} at line {draft.declared[function].line}."
        draft.faults.add(node.line, what, "Give one of them another name.")
        return None
    _check_arguments(call.arguments, node.line, "call", draft, given)
    return call if is_named else None


def _check_arguments(arguments: Sequence[Argument], line: int, place: str, draft: Draft, given: Sequence[str]) -> None:
    known = (*draft.declared, *given)
    for name in names(arguments):
        draft.used.add(name)
        if name not in known:
            remedy = f"Known here: {listed(known)}. {suggestion(name, known)}".strip()
            draft.faults.add(line, f"{place} passes `{name}`, which is not defined.", remedy)


def _given(node: YamlNode, draft: Draft) -> tuple[Given, ...] | None:
    remedy = "Write a name and the call that makes it, as `cache: batchnorm_forward(x, gamma, beta)[1]`."
    fields = as_fields(node, "given", draft.faults, remedy=remedy)
    if fields is None:
        return None
    read: list[Given] = []
    for key, value in fields:
        place = f"given.{key.text}"
        name, text = as_name(key, "a given value", draft.faults), as_text(value, place, draft.faults)
        if name in draft.declared:
            draft.faults.add(
                key.line, f"`{name}` is a given value here and {draft.declared[key.text].what}.", "Give one of them another name."
            )
        if name is None or text is None:
            continue
        try:
            made_first = parse_given(name, text)
        except CallError as error:
            draft.faults.add(value.line, f"{place} {error.what}.", error.remedy)
            continue
        as_name(YamlScalar(made_first.function, value.line), "a function", draft.faults, is_function=True)
        above = [other.text for other, _ in fields if other.line < key.line]
        _check_arguments(made_first.arguments, value.line, place, draft, above)
        read.append(made_first)
    return tuple(read)


def _targets(node: YamlNode, function: str, draft: Draft, answers: list[_ReadTarget]) -> tuple[Target, ...] | None:
    fields = as_fields(
        node, f"returns of {function}", draft.faults, remedy="Write a name and its kind, as `dY_dW: {jacobian: Y, wrt: W}`."
    )
    if fields is None:
        return None
    if not fields.pairs:
        draft.faults.add(
            fields.line, f"returns of {function} is empty.", "Write a name and its kind, as `dY_dW: {jacobian: Y, wrt: W}`."
        )
    read = []
    for key, value in fields:
        name = as_name(key, "a target", draft.faults)
        target = read_target(key.text, value, draft)
        if name is not None and target is not None:
            read.append(target)
            answers.append(_ReadTarget(target, key.line, function))
    return tuple(read)


def _check_clashes(answers: Sequence[_ReadTarget], draft: Draft) -> None:
    """Note names of targets that mean two different arrays in the exercise."""
    first: dict[str, _ReadTarget] = {}
    for answer in answers:
        name, kind = answer.target.name, answer.target.kind
        if name in draft.declared and not (isinstance(kind, Value) and kind.of == name):
            what = f"`{name}` is a target here and {draft.declared[name].what} at line {draft.declared[name].line}."
            draft.faults.add(answer.line, what, f"Give the target another name, as d{name}.")
        earlier = first.setdefault(name, answer)
        if (earlier.target.kind, earlier.target.layout) != (kind, answer.target.layout):
            what = f"`{name}` is another derivative here than at line {earlier.line}."
            draft.faults.add(answer.line, what, "Give one of them another name.")


# Mistakes

_MISTAKE_REMEDY = "Write a list: `- returned: FORMULA` and `hint: TEXT` below it."


def _with_mistakes(fields: YamlMapping, task: Task, answers: Sequence[_ReadTarget], draft: Draft) -> Task:
    """Return the task with the mistakes of its targets."""
    node = next((value for key, value in fields if key.text == "mistakes"), None)
    by_target = as_fields(node, f"mistakes of {task.function}", draft.faults, remedy=_MISTAKE_REMEDY) if node else None
    if by_target is None:
        return task
    own = [target.name for target in task.targets]
    returned = [key.text for key, value in fields if key.text == "returns" and isinstance(value, YamlMapping) for key, _ in value]
    mistakes: dict[str, tuple[Mistake, ...]] = {}
    for key, value in by_target:
        if key.text not in returned:
            remedy = f"Targets: {listed(returned)}. {suggestion(key.text, returned)}".strip()
            draft.faults.add(key.line, f"mistakes: `{key.text}` is not a target of {task.function}.", remedy)
        items = as_items(value, f"mistakes.{key.text}", draft.faults, remedy=_MISTAKE_REMEDY)
        read = [
            _mistake(item, f"mistakes.{key.text}, number {number}", key.text, answers, draft)
            for number, item in enumerate(items or (), 1)
        ]
        mistakes[key.text] = tuple(mistake for mistake in read if mistake is not None)
    targets = tuple(replace(target, mistakes=mistakes.get(target.name, ())) for target in task.targets)
    return replace(task, targets=targets) if own else task


def _mistake(node: YamlNode, place: str, target: str, answers: Sequence[_ReadTarget], draft: Draft) -> Mistake | None:
    fields = as_fields(node, place, draft.faults, remedy=_MISTAKE_REMEDY)
    if fields is None:
        return None
    found = entries(fields, place, draft.faults, required=("returned", "hint"), optional=("credit",))
    hint = as_text(found["hint"], f"{place}: hint", draft.faults) if "hint" in found else None
    credit = in_range(found["credit"], f"{place}: credit", draft.faults, low=0, high=1) if "credit" in found else 0.0
    formula = as_formula(found["returned"], f"{place}: returned", draft.faults) if "returned" in found else None
    if formula is None:
        return None
    _check_returned(formula, found["returned"].line, f"{place}: returned", target, answers, draft)
    return Mistake(returned=formula, hint=hint, credit=float(credit)) if hint is not None and credit is not None else None


def _check_returned(formula: Formula, line: int, place: str, target: str, answers: Sequence[_ReadTarget], draft: Draft) -> None:
    """
    Check that a mistake's formula uses known names, and has a shape at all sizes.

    An answer that fails in some cases is an error and no wrong answer: `W.T @ X` for `W @ X` is never returned.
    """
    others = {answer.target.name: answer.target for answer in answers if answer.target.name != target}
    if target in formula.names and target not in draft.declared:
        draft.faults.add(line, f"{place} uses `{target}`, which is the right answer itself.", "Write what people return instead.")
        return
    known = (*draft.names(INPUT), *draft.names(UPSTREAM), *draft.names(LINE), *draft.names(AXIS), *others)
    used_before = set(draft.used)
    is_known = draft.check_names(line, place, formula, known)
    draft.used = used_before  # a mistake alone does not count as a use
    if not is_known or any(
        name in draft.declared and name not in draft.axes and draft.axes_of(name) is None for name in formula.names
    ):
        return
    used = {name: other for name, other in others.items() if name in formula.names}
    trials = (*draft.trials, *draft.edge_trials)
    # A formula with a shape at two spread sizes, at the lowest ones and at the edges has one everywhere, but for oddities.
    likely = (*draft.trials[:3], *draft.edge_trials) if draft.trials and draft.trials[0].is_spread else trials
    errors = _errors(formula, used, likely)
    if errors and likely != trials:
        errors = _errors(formula, used, trials)
    if errors and len(errors) == len(trials):
        add_formula_error(line, place, errors[0][1].what, errors[0][1].remedy, draft.faults)
    elif within := [(trial, error) for trial, error in errors if not trial.is_spread]:
        trial, first = within[0]
        add_formula_error(line, place, f"at {trial}, {first.what}", first.remedy, draft.faults)


def _errors(formula: Formula, used: Mapping[str, Target], trials: Sequence[ShapeTrial]) -> list[tuple[ShapeTrial, FormulaError]]:
    """List the trials at which a formula has no shape, and why; `used` are the targets among its names."""
    errors = []
    for trial in trials:
        shapes = {name: target_shape(target.kind, target.layout, trial.shapes) for name, target in used.items()}
        try:
            trial.infer(formula, shapes)
        except FormulaError as error:
            errors.append((trial, error))
    return errors
