"""Functions of this process are checked alone."""

from __future__ import annotations

import pytest
from layer_answers import LAYER

from grader.errors import GraderError
from grader.judging.in_process import check_functions
from grader.outcome import Status


def test_functions_of_this_process_are_checked_alone() -> None:
    """grader.check judges what it is given, and nothing else."""
    import numpy as np

    report = check_functions(LAYER, {"dY_dB": lambda W, X, B: np.diag(1 - np.tanh(W @ X + B) ** 2)})
    assert [(target.name, target.status) for target in report.targets] == [("dY_dB", Status.CORRECT)]
    with pytest.raises(GraderError, match=r"tanh_layer does not ask for dY_dX\.(.|\n)*It asks for dY_dW, dY_dB"):
        check_functions(LAYER, {"dY_dX": lambda: None})
