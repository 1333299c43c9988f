"""What is stored of a result is read back as it was, and rows of earlier versions stay readable."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from classroom import exercise, report

from grader.course.results.stored import Graded, Manifest, Result, Retry, without_student_text
from grader.outcome import Counterexample, Diagnosis, Outcome, Report, Status

EXERCISE = exercise("tanh_layer", "dY_dW", "dY_dB", points=2.0)
EXAMPLE = Counterexample(
    case="one feature", sizes={"n": 1}, inputs={"x": [1.0, math.nan]}, index=(0, 0), expected=1.0, actual=math.inf
)
PUBLIC = Outcome(
    status=Status.WRONG_VALUE,
    correct=0,
    total=1,
    diagnosis=Diagnosis(rule="sign", text="The sign is wrong."),
    counterexample=EXAMPLE,
)


def wrong() -> Report:
    """Return a report with everything that a student can put into one."""
    found = report(
        EXERCISE, "s01", Status.WRONG_VALUE, counterexample=EXAMPLE, detail="secret", traceback="secret", public=PUBLIC
    )
    return replace(found, output="secret", public_output="secret", source_sha256="ab", seconds=0.25)


# A row of a version before results had types: points by hand in a target, a penalty, levels of feedback, in that order.
OLD: dict[str, Any] = {
    **report(EXERCISE, "s01", Status.CORRECT, seed=7).to_json(),
    "feedback": "hints",
    "shown_cases": "secret",
    "late_penalty": 0.5,
}
OLD["targets"] = [{**OLD["targets"][0], "score": 1.5, "auto_score": 2.0}, OLD["targets"][1]]
OLD["score"] = 3.0
del OLD["load_errors"]


def test_a_row_of_an_earlier_version_is_read() -> None:
    """Points by hand stand beside the grader's own; the score is what counts."""
    graded = Graded.loads(json.dumps(OLD))
    assert [2.0, 2.0] == [target.score for target in graded.report.targets]
    assert [1.5, 2.0] == [target.score for target in graded.final.targets]
    assert ({("dY_dW", "dY_dW"): 1.5}, 0.5, 3.0) == (graded.by_hand, graded.late_penalty, graded.score)
    assert ("hints", "secret", None) == (graded.feedback, graded.shown_cases, graded.retry)


def test_a_row_is_written_as_an_earlier_version_wrote_it() -> None:
    """The same fields in the same order: OUT may be read by scripts, and by that version."""
    written = Graded.from_json(OLD).to_json()
    assert {**OLD, "load_errors": []} == written
    assert [*OLD] == [name for name in written if name != "load_errors"]
    assert [*OLD["targets"][0]] == [*written["targets"][0]]


def test_a_plain_report_has_no_other_fields() -> None:
    """As a run of a class writes it: the report, and nothing of nbgrader's."""
    assert wrong().to_json() == Graded(report=wrong()).to_json()


@pytest.mark.parametrize("retry", [None, Retry(), Retry(seconds=0.1)])
def test_a_result_is_read_back_as_it_was(retry: Retry | None) -> None:
    """With NaN and infinity in it, which are texts in JSON."""
    graded = Graded(report=wrong(), retry=retry)
    text = graded.dumps()
    assert text == Graded.loads(text).dumps()
    assert retry == Graded.loads(text).retry
    result = Result(student="s01", exercise="tanh_layer", key="k", graded=graded)
    assert result.says_the_same(replace(result, graded=Graded.loads(text)))
    assert not result.says_the_same(replace(result, key="l"))


def test_nothing_of_a_student_is_left_but_scores_and_statuses() -> None:
    """After a purge."""
    bare = without_student_text(Graded(report=wrong()))
    assert "secret" not in bare.dumps()
    assert "one feature" not in bare.dumps()
    assert [Status.WRONG_VALUE] * 2 == [target.status for target in bare.report.targets]


def test_a_manifest_is_part_of_every_key_as_it_always_was() -> None:
    """Another text would grade every class again."""
    whole = Manifest(files=(("a.py", "ab"),), clashes=("b",), left_out={"c.py": "torn"}, status=Status.REFUSED, detail="d")
    plain = Manifest(files=(("a.py", "ab"),))
    assert '{"files": [["a.py", "ab"]], "clashes": [], "status": null, "detail": ""}' == json.dumps(plain.to_json())
    for one in (whole, plain):
        assert one == Manifest.from_json(json.loads(json.dumps(one.to_json())))
    assert Manifest.from_json({}) is None
