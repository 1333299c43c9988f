"""
Are the exercises themselves right? Every exercise proves itself before students meet it.

Model answers earn full points at several seeds, starters none; every declared mistake and every built-in wrong answer is
caught, and named; references agree with central differences and with symbolic derivatives; no case is ill-conditioned; the
cases show what there is to see; no entry is too small to be judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from grader.errors import ExerciseError, Fault, GraderError
from grader.exercise import starter
from grader.exercise.model import Exercise, NamedCase, Target
from grader.judging import compare
from grader.judging.diagnosis.answers import Evidence
from grader.judging.diagnosis.diagnose import FAMILIES, diagnose
from grader.judging.judge import Judge
from grader.judging.submission import Submission
from grader.judging.verdict import Verdict
from grader.outcome import Status
from grader.reference import agreement, cases, prepare, sizes
from grader.reference.model import Case, Expected, Record
from grader.sandbox.limits import Arrays
from grader.sandbox.wire.answer import Answer

if TYPE_CHECKING:
    from grader.reference.model import TargetKey
    from grader.sandbox import Sandbox
    from grader.sandbox.wire.answer import Array

SEEDS = (prepare.PUBLIC_SEED, 1, 2)
DIFFERENCE_RTOL = 1e-5  # central differences of order 4 reach about 1e-9 on smooth functions
SYMBOLIC_RTOL = 1e-10  # of the largest entry: the symbolic derivative is exact, the reference is float64
# A step so small that most cases pass is what probes are for; an input that switches a unit on or off does so in few cases;
# a sum over an axis of size 1, or a reshape instead of its transpose, is no slip.
_MAY_BE_RARE = frozenset({"numerical_differentiation", "input_left_out", "summed_over", "reshaped"})
_BATCH_ATTEMPTS = 12
MIN_CASES_TOO_SMALL = 3  # in which an entry is not judged, before it is said that it never is
MAX_NAMED_ENTRIES = 3
MIN_CAUGHT_SHARE = 0.5  # of the random cases, in which a wrong answer must show


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What was tried on one exercise, and every fault found."""

    exercise: str
    faults: tuple[Fault, ...]
    targets: int = 0
    cases: int = 0
    model_answers: int = 0
    declared: int = 0  # mistakes caught and named
    built_in: int = 0  # wrong answers caught and named
    probes: int = 0  # targets at which numerical differentiation shows
    difference: float = 0.0  # the largest relative gap between a reference and central differences
    symbolic: int = 0  # targets whose reference the symbolic derivative confirms; it has no opinion on the others
    remarks: tuple[str, ...] = ()  # what no case can show, and is no fault

    @property
    def is_right(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


@dataclass(slots=True)
class _Tally:
    """Counts and faults while an audit runs."""

    where: str
    faults: list[Fault] = field(default_factory=list)
    declared: int = 0
    built_in: int = 0
    model_answers: int = 0
    difference: float = 0.0
    symbolic: int = 0
    remarks: list[str] = field(default_factory=list)

    def remark(self, text: str) -> None:
        if text not in self.remarks:
            self.remarks.append(text)

    def fault(self, what: str, remedy: str) -> None:
        fault = Fault(self.where, what, remedy)
        if fault not in self.faults:
            self.faults.append(fault)


def audit(
    exercise: Exercise, solutions: Sequence[Path], sandbox_for: Callable[[Arrays], Sandbox], *, seeds: Sequence[int] = SEEDS
) -> Audit:
    """
    The proof of one exercise, or what is wrong with it.

    `solutions` are model answers in the forms that students may choose; `sandbox_for` gives the sandbox of an array library.
    """
    from grader.reference.torch.threads import one_thread

    tally = _Tally(where=exercise.path or exercise.id)
    try:
        records = [
            prepare.prepare(exercise, seed) if seed == prepare.PUBLIC_SEED else prepare.make(exercise, seed) for seed in seeds
        ]
    except ExerciseError as error:
        return Audit(exercise=exercise.id, faults=error.faults)
    _try_model_answers(exercise, solutions, records, sandbox_for, tally)
    _try_starter(exercise, records[0], sandbox_for, tally)
    with one_thread():
        for record in records:
            _try_coverage(exercise, record, tally)
            _try_mistakes(exercise, record, tally)
            _try_differences(exercise, record, tally)
            _try_entries(exercise, record, tally)
        _try_symbolic(exercise, records[0], tally)
    if exercise.numerical == "forbid":
        _try_probes(exercise, records[0], tally)
    return Audit(
        exercise=exercise.id,
        faults=tuple(tally.faults),
        targets=sum(1 for _ in exercise.targets()),
        cases=len(records[0].cases),
        model_answers=tally.model_answers,
        declared=tally.declared,
        built_in=tally.built_in,
        probes=len({key for probe in records[0].probes for key in probe.targets}),
        difference=tally.difference,
        symbolic=tally.symbolic,
        remarks=tuple(tally.remarks),
    )


def find_solutions(exercise: Exercise, folders: Sequence[Path]) -> tuple[Path, ...]:
    """Model answers of an exercise: NAME.py and NAME.FORM.py in the folders, and in their subfolder for torch arrays."""
    places = [place for folder in folders for place in (folder, folder / "torch")]
    found = (path for place in places for path in (place / f"{exercise.id}.py", *sorted(place.glob(f"{exercise.id}.*.py"))))
    return tuple(dict.fromkeys(path for path in found if path.is_file()))


def solution_folders(exercise: Exercise) -> tuple[Path, ...]:
    """Where model answers usually lie: `solutions` beside the exercise, or beside its folder."""
    folder = Path(exercise.path).resolve().parent
    return (folder / "solutions", folder.parent / "solutions")


# What is tried


def _try_model_answers(
    exercise: Exercise,
    solutions: Sequence[Path],
    records: Sequence[Record],
    sandbox_for: Callable[[Arrays], Sandbox],
    tally: _Tally,
) -> None:
    if not solutions:
        tally.fault(
            "There is no model answer to try.", f"Write solutions/{exercise.id}.py with the functions that are asked for."
        )
    for path in solutions:
        asked = _with_arrays(exercise, "torch" if path.parent.name == "torch" else "numpy")
        try:
            submission = Submission.from_file(path)
        except GraderError as error:
            tally.faults.extend(error.faults)
            continue
        for record in records:
            report = Judge(asked, record).grade(submission, sandbox_for(asked.arrays))
            for target in report.targets:
                if target.status is Status.CORRECT:
                    continue
                case = f' in the case "{target.counterexample.case}"' if target.counterexample else ""
                said = target.detail or (target.diagnosis.text if target.diagnosis else "")
                judged = f"is judged {target.status.value} for {target.name}{case} at seed {record.seed}"
                tally.fault(
                    f"The model answer {path.name} {judged}. {said}".strip(),
                    "Correct the model answer, or the exercise if the answer is right.",
                )
            if exercise.numerical == "forbid" and "inexact" in report.flags:
                what = f"The model answer {path.name} loses its digits at the probe that makes numerical differentiation visible."
                tally.fault(what, "Write it in another form, or write numerical: flag in the exercise.")
        tally.model_answers += 1


def _with_arrays(exercise: Exercise, arrays: Arrays) -> Exercise:
    return replace(exercise, arrays=arrays)


def _try_starter(exercise: Exercise, record: Record, sandbox_for: Callable[[Arrays], Sandbox], tally: _Tally) -> None:
    source = starter.as_script(exercise).encode()
    submission = Submission.from_bytes({f"{exercise.id}.py": source})
    report = Judge(exercise, record).grade(submission, sandbox_for(exercise.arrays))
    for target in report.targets:
        if target.status is not Status.NOT_IMPLEMENTED:
            tally.fault(
                f"The starter is judged {target.status.value} for {target.name}, not not_implemented.",
                "This is a fault of the grader.",
            )


def _try_coverage(exercise: Exercise, record: Record, tally: _Tally) -> None:
    """
    Whether the cases show what there is to see: sizes, shapes of matrices, a batch of one, each side of each function.

    What the ranges or the formulas do not allow is no fault: where draws reach no such side, a remark says so.
    """
    from grader.reference.torch import branches

    every = [case for case, _ in record.cases]
    for need in sizes.requirements(exercise):
        if not any(need.is_met(case.sizes) for case in every) and sizes.is_possible(exercise.axes, need):
            tally.fault(
                f"No case has {need}, at seed {record.seed}.", "Use more random cases, or write a named one with these sizes."
            )
    for axis in sizes.batch_axes(exercise):
        if all(case.sizes[axis] != 1 for case in every):
            if _says_something(exercise, NamedCase(name="batch of one", sizes={axis: 1}), record.seed):
                remedy = (
                    f"Write one, as `batch of one: {{{axis}: 1}}` under cases.named: a slip in axes or means often shows there."
                )
                tally.fault(f"No case has {axis} = 1, a batch of one.", remedy)
            else:
                tally.remark(f"No case has {axis} = 1, a batch of one: the answers would say nothing there, or have no value.")
    for task, target in exercise.targets():
        if not any(expected.targets[task.function, target.name].any() for _, expected in record.cases):
            tally.remark(f"{target.name} is zero in every case at seed {record.seed}: whoever returns zeros is right.")
    missing = set(branches.all_branches(exercise)) - set().union(*(branches.branches_shown(exercise, case) for case in every))
    for branch in sorted(missing, key=str):
        if prepare.reaches(exercise, branch, record.seed):
            remedy = "Use more random cases, or a named one that shows it."
            tally.fault(
                f"No case shows {branch}, at seed {record.seed}, and an answer that is wrong there would be right.", remedy
            )
        else:
            tally.remark(f"No draw reaches {branch}. Where that is possible, write a named case that shows it.")


def _says_something(exercise: Exercise, edge: NamedCase, seed: int) -> bool:
    """Whether a case can be drawn so that no target is zero throughout and every mistake has a value."""
    from grader.reference.torch import compute

    try:
        plan = cases.plan_named(exercise, edge, seed)
        for attempt in range(_BATCH_ATTEMPTS):
            found = compute.expected(exercise, cases.draw_case(exercise, plan, seed, attempt))
            if isinstance(found, Expected):
                declared = (
                    (found.predictions[task.function, target.name], len(target.mistakes)) for task, target in exercise.targets()
                )
                return all(one is not None for predicted, count in declared for one in predicted[:count])
    except GraderError:  # such as shapes that do not fit at this size
        pass
    return False


def _try_mistakes(exercise: Exercise, record: Record, tally: _Tally) -> None:
    from grader.reference.torch import branches

    standard = agreement.Standard(record, exercise.rtol)
    is_gated = any(branch.function for branch in branches.all_branches(exercise))
    for task, target in exercise.targets():
        key = (task.function, target.name)
        for place, mistake in enumerate(target.mistakes):
            answers = [expected.predictions[key][place] for _, expected in record.cases]
            said = f"The mistake `{mistake.returned.text}` of {target.name}"
            if any(answer is None for answer in answers):
                tally.fault(f"{said} has no finite value in some case.", "Correct its formula.")
                continue
            verdicts = _verdicts(standard, key, answers)
            if not _is_caught(verdicts, is_gated=is_gated):
                tally.fault(
                    f"{said} gives right answers in too many cases.", "Correct its formula; if it is right, it is no mistake."
                )
                continue
            named = diagnose(exercise, target, key, standard, verdicts)
            if named is None or (named.rule, named.text) != ("declared", mistake.hint):
                other = f"`{named.text}`" if named else "nothing"
                tally.fault(
                    f"{said} is not named by its hint but by {other}.",
                    "Two mistakes that return the same cannot be told apart: keep one.",
                )
                continue
            tally.declared += record.seed == prepare.PUBLIC_SEED
        for rule, answers in _built_in(target, exercise, key, record):
            verdicts = _verdicts(standard, key, answers)
            if all(verdict.status is Status.CORRECT for verdict in verdicts):
                continue  # a slip that changes nothing here, such as the sign of zeros
            if not _is_caught(verdicts, is_gated=is_gated):
                if rule in _MAY_BE_RARE:
                    continue
                tally.fault(
                    f"A wrong answer ({rule}) for {target.name} is right in most random cases.",
                    "Use more cases, or other draws and sizes.",
                )
            elif diagnose(exercise, target, key, standard, verdicts) is None:
                tally.fault(f"A wrong answer ({rule}) for {target.name} is not named.", "This is a fault of the grader.")
            else:
                tally.built_in += record.seed == prepare.PUBLIC_SEED


def _built_in(target: Target, exercise: Exercise, key: TargetKey, record: Record) -> Iterator[tuple[str, list[Array | None]]]:
    """What built-in wrong answers return in every case, with their rule."""
    hypotheses = record.hypotheses[key]
    for place in range(len(target.mistakes), len(hypotheses)):
        answers = [expected.predictions[key][place] for _, expected in record.cases]
        if all(answer is not None for answer in answers):
            yield hypotheses[place].rule, answers
    points = [Evidence(case, expected.targets[key], expected.targets[key]) for case, expected in record.cases]
    for one in (one for family in FAMILIES if family.rearrange for one in family.rearrange(exercise, target)):
        answers = [one.predict(point) for point in points]
        # None: it depends on the returned shape; zeros are named by their own rule, whatever they are a sum of
        found = [answer for answer in answers if answer is not None]
        if len(found) == len(answers) and (one.rule == "zero" or any(answer.any() for answer in found)):
            yield one.rule, answers


def _verdicts(standard: agreement.Standard, key: TargetKey, answers: Sequence[Array | None]) -> tuple[Verdict, ...]:
    return tuple(
        compare.judge(Answer(items=() if answer is None else (answer,)), case, tolerance, place=0, count=1)
        for answer, (case, _), tolerance in zip(answers, standard.record.cases, standard.tolerances(key), strict=True)
    )


def _is_caught(verdicts: Sequence[Verdict], *, is_gated: bool) -> bool:
    """
    Whether a wrong answer shows in enough cases.

    One is enough where functions have sides: what forgets a gate is right wherever it is open, and each seed has both.
    """
    if is_gated:
        return any(verdict.status is not Status.CORRECT for verdict in verdicts)
    random = [verdict for verdict in verdicts if verdict.case.role == "random"] or list(verdicts)
    return sum(verdict.status is not Status.CORRECT for verdict in random) >= MIN_CAUGHT_SHARE * len(random)


def _try_differences(exercise: Exercise, record: Record, tally: _Tally) -> None:
    """References against central differences, at the cases that are small enough to be quick."""
    from grader.reference.torch import compute, numerical

    for case, expected in record.cases:
        point = compute.point_of(exercise, case)
        for task, target in exercise.targets():
            gap = numerical.gap(point, target, expected.targets[task.function, target.name])
            if gap is None:
                continue
            tally.difference = max(tally.difference, gap)
            if gap > DIFFERENCE_RTOL:
                place = f'in the case "{case.name}" at seed {record.seed}'
                what = f"The reference of {target.name} and central differences differ by {gap:.1g} {place}."
                remedy = (
                    "Is the forward function smooth there? Choose draws that keep away from its kinks; if it is, torch is wrong."
                )
                tally.fault(what, remedy)


def _try_symbolic(exercise: Exercise, record: Record, tally: _Tally) -> None:
    """References against symbolic derivatives, each target at the smallest case that tells enough, if there is one."""
    from grader.reference.torch import compute, symbolic

    case, expected = min(record.cases, key=lambda drawn: (_is_plain(*drawn), _entries(drawn[0])))
    point = compute.point_of(exercise, case)
    for task, target in exercise.targets():
        key = (task.function, target.name)
        reference = expected.targets[key]
        found = symbolic.derivative(point, target, reference)
        if found is None:
            continue
        error, largest = np.abs(found - reference), float(np.abs(found).max())
        rounding = min(agreement.tolerance_of(expected, key, exercise.rtol).largest_rounding, agreement.OF_THE_LARGEST * largest)
        if float(error.max()) <= SYMBOLIC_RTOL * largest + rounding + agreement.ABSOLUTE_FLOOR:
            tally.symbolic += 1
            continue
        worst = np.unravel_index(np.argmax(error), error.shape)
        entry = f"{target.name}{[int(place) for place in worst]}" if worst else target.name
        gap = float(error[worst] / (largest or 1.0))
        what = (
            f"The reference of {target.name} and the symbolic derivative differ by {gap:.1g} of the largest entry in the case "
            f'"{case.name}" at seed {record.seed}: {entry} is {reference[worst]:.10g}, by SymPy {found[worst]:.10g}.'
        )
        tally.fault(what, "One of torch and SymPy is wrong there: choose other draws, or write the formula in another way.")


def _is_plain(case: Case, expected: Expected) -> bool:
    """Whether slips may not show: at an axis of size 1, at small whole numbers, or where a target is all zeros."""
    return 1 in case.sizes.values() or case.role == "small" or not all(array.any() for array in expected.targets.values())


def _entries(case: Case) -> int:
    return sum(value.size for value in case.values.values())


def _try_entries(exercise: Exercise, record: Record, tally: _Tally) -> None:
    """Entries that are not zero, and in whose place zero would be right in every case."""
    for task, target in exercise.targets():
        key = (task.function, target.name)
        judged: set[tuple[int, ...]] = set()
        small: Counter[tuple[int, ...]] = Counter()
        largest: dict[tuple[int, ...], float] = {}
        for _, expected in record.cases:
            sizes = np.abs(expected.targets[key])
            is_small = sizes <= agreement.tolerance_of(expected, key, exercise.rtol).allowed
            judged.update(map(tuple, np.argwhere(~is_small).tolist()))
            for place in map(tuple, np.argwhere(is_small & (sizes > 0)).tolist()):
                small[place] += 1
                largest[place] = max(largest.get(place, 0.0), float(sizes[place]))
        never = sorted(place for place, count in small.items() if place not in judged and count >= MIN_CASES_TOO_SMALL)
        if never:
            named = ", ".join(f"{target.name}{list(place)}" if place else target.name for place in never[:MAX_NAMED_ENTRIES])
            more = f" and {len(never) - MAX_NAMED_ENTRIES} more" if len(never) > MAX_NAMED_ENTRIES else ""
            most = max(largest[place] for place in never)
            what = f"Zero would be right in every case at seed {record.seed} for {named}{more}, which is at most {most:.1g}."
            tally.fault(what, "It is below what rounding and rtol leave to judge: choose draws or units that make it larger.")


def _try_probes(exercise: Exercise, record: Record, tally: _Tally) -> None:
    probed = {key for probe in record.probes for key in probe.targets}
    for task, target in exercise.targets():
        if (task.function, target.name) not in probed:
            why = "no input can be scaled so that differences lose their digits"
            what = f"numerical: forbid cannot be held for {target.name}: {why}."
            tally.fault(what, "Write numerical: flag; differences are then flagged where they show.")
