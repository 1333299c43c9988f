"""Students see public cases, marks come from secret ones: nothing that a function is given there reaches its student."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from builders import tanh_layer

from grader.exercise.model import Exercise
from grader.judging.judge import Judge
from grader.judging.submission import Submission
from grader.outcome import Report, Status
from grader.reference import prepare
from grader.reference.model import Record
from grader.render import html, terminal
from grader.render.public import for_student, from_results
from grader.sandbox import Sandbox
from grader.sandbox.host.zygote import Child
from grader.sandbox.job import Job
from grader.sandbox.limits import Limits

LAYER = replace(tanh_layer(), limits=Limits(seconds=1.0, memory_mib=512))
SECRET = 5

RIGHT = """
import numpy as np

def dY_dW(W, X, B):
    Y = np.tanh(W @ X + B)
    return np.einsum("ki,k,j->kij", np.eye(len(Y)), 1 - Y**2, X)

def dY_dB(W, X, B):
    return np.diag(1 - np.tanh(W @ X + B) ** 2)
"""


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """Make the cases of a secret seed, with the public ones."""
    return prepare.prepare_secret(LAYER, SECRET, folder=tmp_path_factory.mktemp("records"))


def graded(sandbox: Sandbox, record: Record, source: str, exercise: Exercise = LAYER) -> Report:
    """Grade one file; the report, as staff have it, survives the way to disk."""
    submission = Submission.from_bytes({"answer.py": source.encode()}, student="s01")
    report = Judge(exercise, record).grade(submission, sandbox)
    assert Report.from_json(json.loads(json.dumps(report.to_json()))).to_json() == report.to_json()
    return report


def pages(report: Report) -> str:
    """Everything that a student is shown of a report, at the level that shows most."""
    return html.fragment(report, LAYER) + terminal.render(report, LAYER) + repr(for_student(report))


def secrets(record: Record) -> set[str]:
    """Return the numbers of the secret cases as Python writes them, but for those that public cases have, too."""
    assert record.public is not None

    def numbers(cases: Record) -> set[str]:
        values = [*(value for case, _ in cases.cases for value in case.values.values())]
        values += [value for _, expected in cases.cases for value in expected.targets.values()]
        return {repr(number) for value in values for number in value.ravel().tolist() if abs(number) % 0.1 > 1e-9}

    return numbers(record) - numbers(record.public)


TELLS = {
    "by its output": "print(seen)",
    "by its output, later": "print(seen) if len(seen) > 40 else None",
    "by standard error": "import os; os.write(2, repr(seen).encode())",
    "by an exception": "raise ValueError(repr(seen[-3:]))",
    "by an exception of another kind": "raise NotImplementedError(repr(seen[-3:]))",
    "by its numbers": "return np.full((len(B), len(B)), seen[-1][0])",
    "by its shape": "return np.zeros((len(seen), 3))",
    "by a warning": "import warnings; warnings.warn(repr(seen[-1]))",
    "by the name of a type": "return type(str(seen[-1][:2]), (), {})()",
    "by the end of its process": "import os; os.write(2, repr(seen).encode()); os._exit(3)",
    "by the names of a dict": "return {str(seen[-1][:2]): 1.0, 'b': 2.0}",
}


@pytest.mark.parametrize("tells", TELLS.values(), ids=TELLS)
@pytest.mark.parametrize("only_secret", [False, True], ids=["always", "in secret cases only"])
def test_what_a_function_tells_of_secret_cases_reaches_nobody(
    sandbox: Sandbox, record: Record, tells: str, only_secret: bool
) -> None:
    """Whatever it prints, raises or returns; staff see it, the student's page has none of the secret numbers."""
    assert record.public is not None
    first = record.public.cases[0][0].values["W"].ravel()[0]
    keep = "seen.append([float(x) for x in (*W.ravel(), *X, *B)])"
    when = f"len(seen) > {len(record.public.cases)}" if only_secret else "True"
    body = f"    {keep}\n    if {when}:\n        {tells}\n    return np.diag("
    source = RIGHT.replace("    return np.diag(", body).replace("import numpy as np\n", "import numpy as np\nseen = []\n")
    assert isinstance(float(first), float)
    report = graded(sandbox, record, source)
    shown = pages(report)
    hidden = secrets(record)
    assert len(hidden) > 100
    assert not {number for number in hidden if number in shown}


def test_a_table_of_what_a_first_hand_in_was_shown_earns_nothing(sandbox: Sandbox, record: Record) -> None:
    """The review's way to full marks: print the inputs, read the expected values, hand in a table of them."""
    spy = RIGHT.replace("    return np.diag(", "    print('CASE', [W.tolist(), X.tolist(), B.tolist()])\n    return 0 * np.diag(")
    first = graded(sandbox, record, spy)
    seen = re.findall(r"CASE (\[.*\])", for_student(first).output)
    assert record.public is not None
    assert len(seen) == len(record.public.cases)
    known = [(case.values["W"], case.values["X"]) for case, _ in record.cases]
    for line in seen:
        w, x, _ = json.loads(line)
        assert not any(W.tolist() == w and X.tolist() == x for W, X in known)
    table = {}
    for (case, expected), line in zip(record.public.cases, seen, strict=True):
        assert json.loads(line)[0] == case.values["W"].tolist()
        table[line] = expected.targets["dY_dB", "dY_dB"].tolist()
    body = f"    return np.array({table!r}.get(str([W.tolist(), X.tolist(), B.tolist()]), np.zeros((len(B), len(B)))))"
    second = RIGHT[: RIGHT.index("    return np.diag(")] + body + "\n"
    report = graded(sandbox, record, second)
    assert [2.0, 0.0] == [target.score for target in report.targets]
    view = for_student(report).targets[1]
    total = len(record.cases)
    assert view.secret is not None
    assert f"Right in every public case, wrong in {total} of {total} others, such as sizes" in pages(report)


def test_a_wrong_answer_is_shown_in_a_public_case_with_the_command_for_it(sandbox: Sandbox, record: Record) -> None:
    """The page's case, numbers and cause are those that `grader check` shows at home."""
    report = graded(sandbox, record, RIGHT.replace("1 - Y**2, X)", "1 + 0 * Y, X)"))
    assert record.public is not None
    at_home = graded(sandbox, record.public, RIGHT.replace("1 - Y**2, X)", "1 + 0 * Y, X)"))
    view, home = for_student(report).targets[0], at_home.targets[0]
    assert (view.counterexample, view.diagnosis, view.correct, view.total) == (
        home.counterexample,
        home.diagnosis and replace(home.diagnosis, credit=0.5),
        home.correct,
        home.total,
    )
    assert view.counterexample is not None
    assert f"grader check tanh_layer FILE --case &quot;{view.counterexample.case}&quot;" in html.fragment(report, LAYER)
    assert report.targets[0].counterexample != home.counterexample
    assert "See it at home" not in html.fragment(at_home, LAYER)


def test_the_instructor_may_show_secret_cases_aloud(sandbox: Sandbox, record: Record) -> None:
    """`feedback: {cases: secret}`: numbers of the cases that count, as staff see them."""
    report = graded(sandbox, record, RIGHT.replace("1 - Y**2, X)", "1 + 0 * Y, X)"))
    assert for_student(report, "secret") == report
    assert "at home" not in html.fragment(report, LAYER, cases="secret")


def test_points_come_from_secret_cases_alone(sandbox: Sandbox, record: Record) -> None:
    """Wrong in public cases only: full marks, and nothing to say."""
    assert record.public is not None
    count = len(record.public.cases)
    wrong_at_first = f"    seen.append(0)\n    return (len(seen) <= {count}) + np.diag("
    source = RIGHT.replace("    return np.diag(", wrong_at_first).replace(
        "import numpy as np\n", "import numpy as np\nseen = []\n"
    )
    report = graded(sandbox, record, source)
    assert (report.score, report.targets[1].public) == (3.0, None)


def test_a_hang_in_a_public_case_costs_its_time_once(sandbox: Sandbox, record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not finish there is not called in secret cases: a second child does the rest, and no third one is needed."""
    begun: list[Job] = []
    child = Sandbox._child

    def counted(sandbox: Sandbox, job: Job) -> Child:
        begun.append(job)
        return child(sandbox, job)

    monkeypatch.setattr(Sandbox, "_child", counted)
    source = RIGHT.replace("    return np.diag(", "    while True: pass\n    return np.diag(")
    report = graded(sandbox, record, source)
    assert [Status.CORRECT, Status.TIMED_OUT] == [target.status for target in report.targets]
    assert len(begun) == 2


def test_the_numbers_that_are_looked_for_can_be_found(sandbox: Sandbox, record: Record) -> None:
    """In what staff see of an exception they are there: the tests above could fail."""
    source = RIGHT.replace(
        "    return np.diag(", "    raise ValueError(repr([float(x) for x in W.ravel()]))\n    return np.diag("
    )
    shown = html.fragment(graded(sandbox, record, source), LAYER, cases="secret")
    assert {number for number in secrets(record) if number in shown}


def test_a_slow_function_is_called_in_a_few_public_cases(sandbox: Sandbox, record: Record) -> None:
    """Each call takes a fifth of a second: all secret cases, three public ones."""
    slow = (
        "    import time\n    end = time.process_time() + 0.2\n    while time.process_time() < end: pass\n    return 2 * np.diag("
    )
    report = graded(sandbox, record, RIGHT.replace("    return np.diag(", slow))
    target = report.targets[1]
    assert (target.status, target.total) == (Status.WRONG_VALUE, len(record.cases))
    assert target.public is not None
    assert target.public.total == 3


def test_a_submission_that_is_right_shows_what_it_printed_in_public_cases(sandbox: Sandbox, record: Record) -> None:
    """Staff read all of it but for the repeated calls."""
    assert record.public is not None
    source = "print('loaded')\n" + RIGHT.replace("    return np.diag(", "    print('B', B)\n    return np.diag(")
    report = graded(sandbox, record, source)
    public, secret = len(record.public.cases), len(record.cases)
    probes = [probe for probe in record.probes if ("dY_dB", "dY_dB") in probe.targets]
    assert for_student(report).output.count("B [") == public
    assert report.output.count("B [") == public + secret + len(probes)
    assert report.output.count("loaded") == 1


def test_records_beside_an_exercise_are_not_looked_at(tmp_path: Path) -> None:
    """Where marks are made, the public record comes from the grader's own places."""
    record = prepare.prepare_secret(LAYER, SECRET, folder=tmp_path)
    assert record.public is not None
    assert record.public.seed == prepare.PUBLIC_SEED
    assert len(list(tmp_path.iterdir())) == 2
    assert prepare.prepare_secret(LAYER, prepare.PUBLIC_SEED, folder=tmp_path).public is None


def test_a_report_from_before_public_cases_shows_no_secret_one(sandbox: Sandbox, record: Record) -> None:
    """What a run kept then has secret cases only: its pages, written anew, tell in how many it is wrong; staff's stay whole."""
    source = RIGHT.replace("1 - Y**2, X)", "1 + 0 * Y, X)").replace(
        "    return np.diag(", "    print(B)\n    return B + np.diag("
    )
    data = graded(sandbox, record, source + "\nprint(dY_dB(np.eye(2), np.ones(2), np.ones(2)))\n").to_json()
    del data["public_output"]
    for target in data["targets"]:
        target.pop("public", None)
    shown = pages(from_results(Report.from_json(data)))
    assert re.search(r"the values differ in \d+ of \d+ cases", shown)
    assert not {number for number in secrets(record) if number in shown}
    assert Report.from_json(data).targets[0].counterexample is not None
    at_home = Report.from_json(graded(sandbox, record.public or record, source).to_json())
    assert from_results(at_home).targets[0].counterexample == for_student(from_results(at_home)).targets[0].counterexample
