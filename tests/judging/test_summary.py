"""What a target's report holds beside its status."""

from __future__ import annotations

from layer_answers import RIGHT, graded

from grader.sandbox import Sandbox


def test_wrong_answers_have_a_fingerprint_of_all_their_numbers(sandbox: Sandbox) -> None:
    """Equal where every number in every case is; what no number was returned for, and what is right, has none."""
    plain, same, other = (
        graded(sandbox, RIGHT.replace("1 - Y**2, X)", wrong)).targets
        for wrong in ("2 - Y**2, X)", "3 - (1 + Y*Y), X)", "2 - Y**2 + 1e-7 * (W.shape == (3, 2)), X)")
    )
    assert plain[0].answers_sha256
    assert plain[0].answers_sha256 == same[0].answers_sha256 != other[0].answers_sha256
    assert plain[1].answers_sha256 == ""
    assert graded(sandbox, "x = 1").targets[0].answers_sha256 == ""
