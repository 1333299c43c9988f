"""Mistakes are named when they reproduce the student's numbers in every case, and not otherwise."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from builders import affine, inputs, names, one_target, tanh_layer
from diagnosed import Function, absolute, diagnosed, linear_part, on, record_of, tanh_jacobian
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.exercise.model import JVP, Exercise, Gradient, Hessian, Jacobian, NamedCase, Target, Task
from grader.judging import compare
from grader.judging.diagnosis.diagnose import diagnose
from grader.outcome import Diagnosis
from grader.reference.model import Case
from grader.reference.tolerance import Standard
from grader.sandbox.wire.answer import Answer
from grader.sandbox.wire.call import Call

LAYER_MISTAKES: list[tuple[str, Function]] = [
    ("declared", lambda W, X, B: tanh_jacobian(W, X, B, np.ones_like)),
    ("factor_misplaced", lambda W, X, B: tanh_jacobian(W, X, B, lambda z: 1 - z**2)),
    ("factor_misplaced", lambda W, X, B: tanh_jacobian(W, X, B, lambda z: 1 - np.tanh(np.tanh(z)) ** 2)),
    ("sign", lambda W, X, B: -tanh_jacobian(W, X, B)),
    ("transposed", lambda W, X, B: tanh_jacobian(W, X, B).transpose(1, 2, 0)),
    ("flattening_order", lambda W, X, B: tanh_jacobian(W, X, B).reshape(len(B), -1)),
    ("flattening_order", lambda W, X, B: tanh_jacobian(W, X, B).transpose(0, 2, 1).reshape(len(B), -1)),
    ("flattening_order", lambda W, X, B: tanh_jacobian(W, X, B).reshape(len(B), -1, order="F")),
    ("reshaped", lambda W, X, B: tanh_jacobian(W, X, B).transpose(1, 2, 0).reshape(len(B), len(B), -1)),
    ("extra_axis", lambda W, X, B: tanh_jacobian(W, X, B)[None]),
    ("diagonal_only", lambda W, X, B: np.outer(1 - np.tanh(W @ X + B) ** 2, X)),
    ("diagonal_only", lambda W, X, B: np.outer(1 - np.tanh(W @ X + B) ** 2, X)[None]),
    ("summed_over", lambda W, X, B: tanh_jacobian(W, X, B).sum(axis=2)),
    ("summed_over", lambda W, X, B: tanh_jacobian(W, X, B).sum()),
    ("summed_over", lambda W, X, B: np.full((len(B), *W.shape), tanh_jacobian(W, X, B).sum())),
    ("rounded", lambda W, X, B: np.floor(tanh_jacobian(W, X, B))),
    ("zero", lambda W, X, B: np.zeros((len(B), *W.shape))),
    ("constant_factor", lambda W, X, B: 2 * tanh_jacobian(W, X, B)),
    ("mean_for_sum", lambda W, X, B: tanh_jacobian(W, X, B) / len(X)),
    ("sum_for_mean", lambda W, X, B: tanh_jacobian(W, X, B) * len(B)),
    ("forward_value", lambda W, X, B: np.tanh(W @ X + B)),
    ("wrong_variable", lambda W, X, B: np.diag(1 - np.tanh(W @ X + B) ** 2)),
    ("constant_factor", lambda W, X, B: -tanh_jacobian(W, X, B) * len(X)),
    ("constant_factor", lambda W, X, B: tanh_jacobian(W, X, B) / (2 * len(X))),
    ("rounded", lambda W, X, B: np.round(tanh_jacobian(W, X, B), 3)),
    ("rounded", lambda W, X, B: np.trunc(tanh_jacobian(W, X, B))),
]


@pytest.mark.parametrize("entries_at_a_time", [1, 1 << 18])
@pytest.mark.parametrize(("rule", "wrong"), LAYER_MISTAKES)
def test_a_mistake_in_the_weight_jacobian_is_named(
    rule: str, wrong: Function, entries_at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each from the student's formula, not from our own prediction of it; compared as a whole or piece by piece."""
    monkeypatch.setattr("grader.reference.tolerance._FEW", entries_at_a_time)
    found = diagnosed(tanh_layer, "dY_dW", on(wrong))
    assert found is not None
    assert found.rule == rule


def test_the_text_of_the_usual_mistake_names_the_factor() -> None:
    """dY/dB without its factor: "you left out 1 - Y²"."""
    found = diagnosed(tanh_layer, "dY_dB", on(lambda B: np.eye(len(B))))
    assert found == Diagnosis(
        rule="factor_missing", text="You left out 1 − Y², the derivative of tanh(Z): one factor of the chain rule."
    )


@pytest.mark.parametrize(
    ("slope", "text"),
    [
        (np.tanh, "You took Y itself for it."),
        (lambda z: np.tanh(z) * (1 - np.tanh(z)), "You took Y(1 − Y): that is the derivative of sigmoid."),
        (lambda z: 1 - np.tanh(z), "You took 1 − Y: the square is missing."),
    ],
)
def test_the_text_of_another_derivative(slope: Function, text: str) -> None:
    """The function itself, that of a function like it, and a slip in it."""
    found = diagnosed(tanh_layer, "dY_dB", on(lambda W, X, B: np.diag(slope(W @ X + B))))
    assert found == Diagnosis(rule="factor_misplaced", text=f"The derivative of tanh(Z) is 1 − Y². {text}")


def test_the_value_of_a_rectifier_for_its_slope_is_named() -> None:
    """Its derivative is no noun, and is not written out."""
    found = diagnosed(rectified, "g", on(lambda x: np.diag(np.maximum(x, 0))))
    assert found == Diagnosis(rule="factor_misplaced", text="You took y itself for the derivative of relu(x).")


def test_the_text_of_squaring_the_input() -> None:
    """A slip in the chain rule is named: 1 - z² for 1 - y²."""
    found = diagnosed(tanh_layer, "dY_dB", on(lambda W, X, B: np.diag(1 - (W @ X + B) ** 2)))
    assert found is not None
    assert found.text == "The derivative of tanh(Z) is 1 − Y², in terms of the output. You squared Z, the input."


def test_a_first_block_that_is_flattened_by_columns_is_named() -> None:
    """In denominator layout the axes of W come first."""

    def by_columns(W: np.ndarray, X: np.ndarray, B: np.ndarray) -> np.ndarray:
        return tanh_jacobian(W, X, B).transpose(2, 1, 0).reshape(W.size, len(B))

    found = diagnosed(denominator, "dY_dW", on(by_columns))
    text = "W is flattened column by column. Keep its axes apart: ∂Y/∂W has the axes (m of W, n, m of Y)."
    assert found == Diagnosis(rule="flattening_order", text=text)


def denominator() -> Exercise:
    """Return the layer, its weights in denominator layout."""
    exercise = tanh_layer()
    target = replace(exercise.tasks[0].targets[0], layout="denominator", axes=("m", "n", "m"), mistakes=())
    return replace(exercise, tasks=(replace(exercise.tasks[0], targets=(target,)),))


def test_the_text_of_another_shape_of_as_many_axes() -> None:
    """Nothing is flattened, but the axes are others."""
    found = diagnosed(tanh_layer, "dY_dW", on(lambda W, X, B: tanh_jacobian(W, X, B).reshape(len(B), len(X), len(B))))
    assert found == Diagnosis(
        rule="reshaped",
        text="The numbers are right, and in the right order in memory; but their axes are not (m of Y, m of W, n).",
    )


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (lambda dout: dout.mean(axis=0), "Your answer is the right one divided by N. Is it a mean where a sum is asked for?"),
        (lambda dout: len(dout) * sum(dout), "Your answer is N times the right one. Is it a sum where a mean is asked for?"),
        (lambda dout: -dout.sum(axis=0) * len(dout), "Every entry is −N times the right one."),
        (lambda dout: dout.sum(axis=0) / (2 * len(dout)), "Every entry is 1/(2 · N) times the right one."),
        (lambda dout: dout.sum(axis=0) * len(dout) / -3, "Every entry is −N/3 times the right one."),
        (lambda dout: dout.sum(axis=0) * len(dout) * 0.7071, "Every entry is 0.7071 · N times the right one."),
        (lambda dout: 2 * dout.sum(axis=0) * dout.size, "Every entry is 2 · N · M times the right one."),
        (
            lambda dout: dout.mean(axis=0) / len(dout),
            "Your answer is the right one divided by N · N. Is it a mean where a sum is asked for?",
        ),
        (lambda dout: -dout.mean(axis=0) * dout.shape[1], "Every entry is −M/N times the right one."),
        (
            lambda dout: dout.sum(axis=0) * len(dout) / dout.shape[1],
            "Your answer is N/M times the right one. Is it a mean over M where one over N is asked for?",
        ),
        (lambda dout: dout.sum(), "You summed over M, too: ∂L/∂b has the axes (M,)."),
        (lambda dout: dout.sum(keepdims=True), "You summed over M, too: ∂L/∂b has the axes (M,)."),
        (lambda dout: [dout.sum(axis=0)], "The numbers are right, but there is an axis of size 1 too many: the shape is (M,)."),
    ],
)
def test_the_text_of_a_factor_and_of_an_axis(wrong: Function, text: str) -> None:
    """What is said is true whatever the loss is: only the factor is known, not what it comes from."""
    found = diagnosed(affine, "db", on(wrong))
    assert found is not None
    assert found.text == text


def test_a_number_in_a_list_is_named() -> None:
    """`return [x]` where a number is asked for."""
    found = diagnosed(total, "g", on(lambda x: [2 * x]))
    assert found is not None
    assert found.text == "The number is right, but it comes inside a list or an array: return the number itself."


def total() -> Exercise:
    """E = x², of a number."""
    exercise = one_target("E = x ** 2", Gradient(of="E", wrt="x"), "")
    return replace(exercise, axes=(), inputs=inputs(x=""))


def test_a_declared_mistake_carries_its_hint_and_credit() -> None:
    """The author's words go first."""
    found = diagnosed(tanh_layer, "dY_dW", on(lambda W, X, B: tanh_jacobian(W, X, B, np.ones_like)))
    assert found == Diagnosis(rule="declared", text="That is ∂Z/∂W.", credit=0.5)


def test_finite_differences_with_a_large_step_are_named() -> None:
    """Forward differences with 1e-4 are off by about 1e-4, and so are the predicted ones."""

    def forward_difference(W: np.ndarray, X: np.ndarray, B: np.ndarray) -> np.ndarray:
        columns = [(np.tanh(W @ X + B + 1e-4 * e) - np.tanh(W @ X + B)) / 1e-4 for e in np.eye(len(B))]
        return np.stack(columns, axis=-1)

    found = diagnosed(tanh_layer, "dY_dB", on(forward_difference))
    assert found is not None
    assert found.rule == "numerical_differentiation"
    assert "0.0001" in found.text


def test_right_answers_have_no_diagnosis() -> None:
    """Also where the expected array equals its own transpose."""
    assert diagnosed(tanh_layer, "dY_dW", on(tanh_jacobian)) is None
    assert diagnosed(tanh_layer, "dY_dB", on(lambda W, X, B: np.diag(1 - np.tanh(W @ X + B) ** 2))) is None


def test_noise_has_no_diagnosis() -> None:
    """A wrong diagnosis is worse than none."""
    rng = np.random.default_rng(5)
    assert (
        diagnosed(tanh_layer, "dY_dW", on(lambda W, X, B: tanh_jacobian(W, X, B) + 0.1 * rng.standard_normal((len(B), *W.shape))))
        is None
    )


def test_a_mistake_in_most_cases_only_is_not_named() -> None:
    """Minus in all cases but one is not "the sign is wrong"."""
    found = diagnosed(
        tanh_layer, "dY_dB", lambda case: (1 if case.name == "random 3" else -1) * np.diag(1 - np.tanh(linear_part(case)) ** 2)
    )
    assert found is None


def test_not_a_number_has_no_diagnosis() -> None:
    """There are no numbers to reproduce."""
    assert diagnosed(tanh_layer, "dY_dB", on(lambda B: np.full((len(B), len(B)), np.nan))) is None


HUGE = float(np.finfo(float).max)
EXTREMES = (0.0, 1.0, -1.0, 5e-324, 2.2e-308, 1e-300, 1e300, HUGE, -HUGE, np.inf, -np.inf, np.nan)
SHAPES: tuple[Function, ...] = (np.array, np.transpose, np.ravel, lambda right: right[None], lambda right: right.sum(axis=-1))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_number_is_too_large_or_too_small_to_look_at(data: st.DataObject) -> None:
    """Whatever comes, in whatever shape: no rule raises or warns, and none speaks of a factor that is not a number."""
    make, name = data.draw(
        st.sampled_from([(tanh_layer, "dY_dW"), (affine, "dw"), (softmax_like, "g"), (absolute, "g"), (total, "g")])
    )
    exercise, record = record_of(make)
    task = next(task for task, target in exercise.targets() if target.name == name)
    numbers = data.draw(st.lists(st.sampled_from(EXTREMES), min_size=1, max_size=4))
    shaped = data.draw(st.sampled_from(SHAPES if make is not total else SHAPES[:4]))
    is_factor = data.draw(st.booleans())

    def wrong(case: Case) -> np.ndarray:
        place, right = next(
            (place, expected.targets[task.function, name]) for place, (one, expected) in enumerate(record.cases) if one is case
        )
        number = numbers[place % len(numbers)]
        with np.errstate(all="ignore"):
            return shaped(right * number if is_factor else np.full(right.shape, number))

    found = diagnosed(make, name, wrong)
    assert found is None or not re.search(r"\b(inf|nan)\b", found.text)


def test_one_huge_answer_is_no_factor() -> None:
    """Divided by a size it is infinite, which is no fraction."""

    def wrong(case: Case) -> np.ndarray:
        right = np.diag(1 - np.tanh(linear_part(case)) ** 2)
        return HUGE * (right / max(1.0, right.max())) if case.name == "small 1" else np.ones_like(right)

    assert diagnosed(tanh_layer, "dY_dB", wrong) is None


def test_a_factor_that_overflows_explains_nothing() -> None:
    """As large as numbers are in every case, by another factor in each: what is predicted is infinite, and near to nothing."""

    def wrong(W: np.ndarray, X: np.ndarray, B: np.ndarray) -> np.ndarray:
        right = tanh_jacobian(W, X, B)
        return HUGE * (right / max(1.0, float(np.abs(right).max())))

    assert diagnosed(tanh_layer, "dY_dW", on(wrong)) is None


def test_single_precision_is_named_only_when_it_came_as_float32() -> None:
    """Off by some 1e-6, here more and there less: the dtype tells why, and nothing else does."""

    def blurred(W: np.ndarray, X: np.ndarray, B: np.ndarray) -> np.ndarray:
        right = np.diag(1 - np.tanh(W @ X + B) ** 2)
        return right * (1 + 3e-6 * np.cos(7 * np.arange(len(right))))

    named = diagnosed(tanh_layer, "dY_dB", on(blurred), single=True)
    assert named is not None
    assert "single_precision" == named.rule
    assert diagnosed(tanh_layer, "dY_dB", on(blurred)) is None


def test_single_precision_is_named_where_its_digits_cancel() -> None:
    """1 - Y² in float32, where Y is nearly 1: few digits are left, and still it is float32."""

    def slope(W: np.ndarray, X: np.ndarray, B: np.ndarray) -> np.ndarray:
        return np.diag(1 - np.tanh((W @ X + B).astype(np.float32)) ** 2)

    found = diagnosed(tanh_layer, "dY_dB", on(slope), single=True)
    assert found is not None
    assert found.rule == "single_precision"


@pytest.mark.parametrize(
    ("name", "rule", "wrong"),
    [
        ("db", "batch_not_summed", lambda dout: dout),
        ("db", "mean_for_sum", lambda dout: dout.mean(axis=0)),
        ("db", "upstream_ignored", lambda dout: np.full(dout.shape[1], float(dout.shape[0]))),
        ("dw", "mean_for_sum", lambda x, dout: x.T @ dout / len(x)),
        ("dw", "transposed", lambda x, dout: dout.T @ x),
        ("dw", "upstream_ignored", lambda x, dout: x.T @ np.ones_like(dout)),
        ("dw", "batch_not_summed", lambda x, dout: np.einsum("nd,nm->ndm", x, dout)),
        ("dx", "upstream_only", lambda dout: dout),
        ("dx", "wrong_variable", lambda x, dout: x.T @ dout),
        ("dx", "forward_value", lambda x, w, b: x @ w + b),
        ("dx", "sign", lambda dout, w: -dout @ w.T),
    ],
)
def test_a_mistake_in_a_backward_pass_is_named(name: str, rule: str, wrong: Function) -> None:
    """Batches, upstream gradients and their sums."""
    found = diagnosed(affine, name, on(wrong))
    assert found is not None
    assert found.rule == rule


def softmax_like() -> Exercise:
    """Y = u - sum(u) with u = exp(x): a quantity that reaches y in two ways."""
    return one_target("u = exp(x) | S = sum(u) | y = u / S", Jacobian(of="y", wrt="x"), "n n")


def test_a_dropped_path_is_named() -> None:
    """The sum treated as a constant leaves only the diagonal of softmax's Jacobian plus nothing."""

    def without_sum(x: np.ndarray) -> np.ndarray:
        return np.diag(np.exp(x) / np.exp(x).sum())

    found = diagnosed(softmax_like, "g", on(without_sum))
    assert found is not None
    assert (found.rule, found.text) == ("one_path", "You left out the path through S: it depends on x, too.")


def test_the_diagonal_kept_of_a_full_jacobian_is_named() -> None:
    """Softmax's Jacobian is not diagonal."""

    def diagonal(x: np.ndarray) -> np.ndarray:
        y = np.exp(x) / np.exp(x).sum()
        return np.diag(y * (1 - y))

    found = diagnosed(softmax_like, "g", on(diagonal))
    assert found is not None
    assert (found.rule, found.text) == (
        "diagonal_only",
        "You kept only the diagonal of ∂y/∂x; the other entries are not zero here.",
    )


def test_zeros_of_another_shape_are_nobody_s_sum() -> None:
    """The columns of softmax's Jacobian sum to zero; who returns zeros did not sum them."""
    assert diagnosed(softmax_like, "g", on(lambda x: 0 * x)) is None


def test_the_sum_over_one_of_two_like_axes_is_named() -> None:
    """As a Hessian has them."""
    found = diagnosed(mixed, "g", on(lambda x: 4 * x.sum() + 2 * len(x) * x))
    assert found == Diagnosis(rule="summed_over", text="You summed over n, too: ∂²E/∂x² has the axes (n, n).")


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (np.sum, "That is the sum of all entries, one number: ∂Y/∂W has the axes (m, m, n)."),
        (lambda J: [J.sum()], "That is the sum of all entries, one number: ∂Y/∂W has the axes (m, m, n)."),
        (
            lambda J: np.full(J.shape, J.sum()),
            "Every entry that you returned is the sum of all entries of ∂Y/∂W. Each has a value of its own.",
        ),
    ],
)
def test_the_sum_of_all_entries_is_named(wrong: Function, text: str) -> None:
    """Alone, where an array is asked for, or copied into each entry."""
    found = diagnosed(tanh_layer, "dY_dW", on(lambda W, X, B: wrong(tanh_jacobian(W, X, B))))
    assert found == Diagnosis(rule="summed_over", text=text)


def test_a_number_that_a_sum_has_by_chance_is_no_sum() -> None:
    """The entries of an identity sum to n; who returns n did not sum them."""
    for wrong in (lambda x: x.size, lambda x: np.full((x.size, x.size), x.size)):
        assert diagnosed(shifted, "g", on(wrong)) is None


def shifted() -> Exercise:
    """Return a shift, whose Jacobian is the identity."""
    return one_target("y = x + 1", Jacobian(of="y", wrt="x"), "n n")


def test_a_sum_of_all_entries_in_some_cases_is_not_named() -> None:
    """In every case, or it is something else."""
    wrong = on(lambda W, X, B: tanh_jacobian(W, X, B).sum() + (len(X) > 3))
    assert diagnosed(tanh_layer, "dY_dW", wrong) is None


def mixed() -> Exercise:
    """E = sum(x²) sum(x), whose Hessian 2(x_i + x_j) + 2 δ_ij sum(x) is full."""
    return one_target("E = sum(x ** 2) * sum(x)", Hessian(of="E", wrt="x", other="x"), "n n")


def cubes() -> Exercise:
    """E = sum(x³), its Hessian."""
    return one_target("E = sum(x ** 3)", Hessian(of="E", wrt="x", other="x"), "n n")


def test_the_gradient_for_a_hessian_is_named() -> None:
    """The first derivative where the second is asked for; the diagonal as a vector."""
    gradient = diagnosed(cubes, "g", on(lambda x: 3 * x**2))
    vector = diagnosed(cubes, "g", on(lambda x: 6 * x))
    assert gradient is not None
    assert vector is not None
    assert (gradient.rule, vector.rule) == ("wrong_variable", "diagonal_only")


def test_a_hint_that_changed_is_spoken_in_its_new_words() -> None:
    """A record lives longer than a hint: the words come from the exercise."""
    exercise, record = record_of(tanh_layer)
    task, key = exercise.tasks[0], ("dY_dW", "dY_dW")
    target = task.targets[0]
    reworded = replace(target, mistakes=(replace(target.mistakes[0], hint="Think of the chain rule.", credit=0.25),))
    verdicts = [
        compare.judge(
            Answer(items=(tanh_jacobian(case.values["W"], case.values["X"], case.values["B"], np.ones_like),)),
            case,
            tolerance,
            place=0,
            count=1,
        )
        for (case, _), tolerance in zip(record.cases, Standard(record, 1e-6).tolerances(key), strict=True)
    ]
    found = diagnose(exercise, reworded, key, Standard(record, exercise.rtol), verdicts)
    assert found == Diagnosis(rule="declared", text="Think of the chain rule.", credit=0.25)


def test_every_prediction_of_every_hypothesis_is_named() -> None:
    """What the record predicts, and every rearrangement, has a name when somebody returns it."""
    for make in (tanh_layer, affine, softmax_like, cubes):
        exercise, record = record_of(make)
        for task, target in exercise.targets():
            key = (task.function, target.name)
            for place, hypothesis in enumerate(record.hypotheses[key]):
                predicted = {case.name: expected.predictions[key][place] for case, expected in record.cases}
                answers = {name: answer for name, answer in predicted.items() if answer is not None}
                if len(answers) == len(predicted):
                    found = diagnosed(make, target.name, lambda case, answers=answers: answers[case.name])  # type: ignore[misc]
                    assert found is not None, (exercise.id, target.name, hypothesis)


def test_named_cases_do_not_hide_a_rule() -> None:
    """At n = m = 1 the transpose equals the right answer; the other cases tell."""
    assert any(isinstance(edge, NamedCase) and edge.sizes == {"n": 1, "m": 1} for edge in tanh_layer().named_cases)
    found = diagnosed(tanh_layer, "dY_dW", on(lambda W, X, B: tanh_jacobian(W, X, B).transpose(1, 2, 0)))
    assert found is not None
    assert found.rule == "transposed"


@pytest.mark.parametrize(
    ("name", "wrong", "text"),
    [
        (
            "dw",
            lambda x, dout: np.outer(x[-1], dout[-1]),
            "Only the last term of the sum over N is left: each one replaced the one before. Add them up, with +=.",
        ),
        (
            "db",
            lambda dout: dout[-1],
            "Only the last term of the sum over N is left: each one replaced the one before. Add them up, with +=.",
        ),
    ],
)
def test_a_sum_that_was_written_over_is_named(name: str, wrong: Function, text: str) -> None:
    """`dw = np.outer(...)` in the loop over examples, where += belongs."""
    assert diagnosed(affine, name, on(wrong)) == Diagnosis(rule="batch_not_summed", text=text)


@pytest.mark.parametrize(
    ("wrong", "which"),
    [(lambda x, dout: x[:-1].T @ dout[:-1], "last"), (lambda x, dout: x[1:].T @ dout[1:], "first")],
)
def test_a_loop_that_is_one_round_short_is_named(wrong: Function, which: str) -> None:
    """`range(N - 1)`, `range(1, N)`."""
    text = f"The {which} term of the sum over N is missing: the others are all there."
    assert diagnosed(affine, "dw", on(wrong)) == Diagnosis(rule="batch_not_summed", text=text)


def test_an_input_that_was_left_out_is_named() -> None:
    """`tanh(W @ X)` without its bias."""
    found = diagnosed(tanh_layer, "dY_dB", on(lambda W, X: np.diag(1 - np.tanh(W @ X) ** 2)))
    assert found == Diagnosis(rule="input_left_out", text="That is the answer for B = 0: you left B out.")


def along_a_direction() -> Exercise:
    """Return the layer's derivative along a direction of X."""
    exercise = tanh_layer()
    target = Target(name="dY", kind=JVP(of="Y", wrt="X", tangent="V"), axes=("m",))
    task = Task(call=Call(function="jvp_X", arguments=names("W X B V")), targets=(target,))
    return replace(exercise, inputs=(*exercise.inputs, *inputs(V="n")), tasks=(task,))


def test_differences_along_a_direction_are_named() -> None:
    """Whoever differences a derivative along V steps along V."""

    def forward_difference(W: np.ndarray, X: np.ndarray, B: np.ndarray, V: np.ndarray) -> np.ndarray:
        return np.asarray((np.tanh(W @ (X + 1e-4 * V) + B) - np.tanh(W @ X + B)) / 1e-4)

    found = diagnosed(along_a_direction, "dY", on(forward_difference))
    assert found is not None
    assert found.rule == "numerical_differentiation"


def test_a_variable_that_stands_in_two_places_is_not_said_to_depend_on_itself() -> None:
    """E = Σ x exp(x): one term of the product rule is missing."""
    found = diagnosed(products, "g", on(lambda x: 1 * np.exp(x)))
    assert found == Diagnosis(rule="one_path", text="You left out one of the places where x stands in E.")


def products() -> Exercise:
    """Return a product of two functions of x."""
    return one_target("E = sum(x * exp(x))", Gradient(of="E", wrt="x"), "n")


def test_the_slope_of_a_rectifier_is_not_written_into_the_sentence() -> None:
    """`1 where Z > 0, else 0` is no noun."""
    found = diagnosed(rectified, "g", on(lambda x: np.eye(len(x))))
    assert found == Diagnosis(rule="factor_missing", text="You left out the derivative of relu(x): one factor of the chain rule.")


def rectified() -> Exercise:
    """Return the rectifier, entry by entry."""
    return one_target("y = relu(x)", Jacobian(of="y", wrt="x"), "n n", draws="nonzero")


def test_a_right_answer_in_float32_is_called_nothing_else() -> None:
    """A mistake that differs from the truth in the eighth digit cannot be told from float32, whose digits end there."""

    def ridge() -> Exercise:
        return one_target("E = sum(x ** 3) + 1.0e-7 * sum(x ** 2)", Gradient(of="E", wrt="x"), "n")

    def right(case: Case) -> np.ndarray:
        x = case.values["x"].astype(np.float32)
        return (3 * x**2 + np.float32(2e-7) * x).astype(float)

    def left_out(case: Case) -> np.ndarray:
        return np.asarray(3 * case.values["x"] ** 2)

    for answer in (right, left_out):
        found = diagnosed(ridge, "g", answer, single=True)
        assert found is not None
        assert found.rule == "single_precision"
    exact = diagnosed(ridge, "g", left_out)
    assert exact is None or exact.rule != "single_precision"
