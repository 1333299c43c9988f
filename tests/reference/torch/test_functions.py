from __future__ import annotations

import math
import re
import time

import numpy as np
import pytest
import torch
from formula_examples import AXES, EXAMPLES, VALUES, Example, expected_of

from grader.exercise.formula import (
    FUNCTIONS,
    CallNode,
    CompareNode,
    Formula,
    FormulaError,
    NotFiniteError,
    infer_shape,
    node_text,
    parse,
)
from grader.exercise.formula.spellings import WRITTEN_OUT
from grader.reference.torch.edits import (
    BY_OUTPUT,
    AsIdentity,
    AsSlope,
    DerivativeAt,
    DerivativeByOutput,
    Detached,
    Edit,
    argument,
    elementwise_unary,
)
from grader.reference.torch.evaluate import evaluate
from grader.reference.torch.functions import IMPLEMENTATIONS
from grader.reference.torch.kinks import KINKS

TENSORS = {name: torch.tensor(value) for name, value in VALUES.items()}
SMOOTH = [example for example in EXAMPLES if example.is_smooth]


def _leaf(*numbers: float) -> torch.Tensor:
    return torch.tensor(numbers, dtype=torch.float64, requires_grad=True)


# Values


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.text)
def test_the_value_of_an_example_is_numpys(example: Example) -> None:
    """Every function agrees with NumPy in values, shape and kind of number; 0-d results are 0-d."""
    expected = expected_of(example)
    actual = evaluate(parse(example.text), TENSORS, AXES)
    assert expected.shape == tuple(actual.shape)
    assert (torch.int64 if expected.dtype.kind == "i" else torch.float64) == actual.dtype
    assert np.abs(actual.numpy() - expected).max(initial=0) <= 1e-12 * np.abs(expected).max(initial=1)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.text)
def test_the_shape_is_the_one_inferred(example: Example) -> None:
    """What inference says without arrays is what evaluation returns."""
    formula = parse(example.text)
    shapes = {name: tuple(value.shape) for name, value in TENSORS.items()}
    assert infer_shape(formula, shapes, AXES) == tuple(evaluate(formula, TENSORS, AXES).shape)


@pytest.mark.parametrize("example", SMOOTH, ids=lambda example: example.text)
def test_an_example_can_be_differentiated_twice(example: Example) -> None:
    """First and second derivatives by every float array agree with central differences."""
    formula = parse(example.text)
    names = sorted(name for name in formula.names if name in TENSORS and TENSORS[name].is_floating_point())
    leaves = [TENSORS[name].clone().requires_grad_() for name in names]

    def value(*arrays: torch.Tensor) -> torch.Tensor:
        return evaluate(formula, {**TENSORS, **dict(zip(names, arrays, strict=True))}, AXES)

    assert torch.autograd.gradcheck(value, leaves, fast_mode=True)
    assert torch.autograd.gradgradcheck(value, leaves, fast_mode=True)


_SQUARE = TENSORS["A"]
_GIVEN = {
    "A": _SQUARE, "W": TENSORS["X"], "a": 2.0, "base": 3.0, "fill_value": 2.5, "n": 5, "p": TENSORS["P"], "shape": (3, 4),
    "u": TENSORS["X"], "v": TENSORS["Z"], "x": TENSORS["P"], "y": TENSORS["P"].flip(0), "z": TENSORS["X"],
}  # fmt: skip
_LABELS = TENSORS["y"]
_OTHERWISE: dict[str, dict[str, object]] = {
    "arccosh(x)": {"x": TENSORS["P"] + 1},
    "acosh(x)": {"x": TENSORS["P"] + 1},
    "cross_entropy(z, y)": {"y": _LABELS},
    "nll_loss(x, y)": {"y": _LABELS},
    "gather(x, axis, index)": {"axis": 1, "index": _LABELS[:, None]},
    "index_select(x, axis, index)": {"axis": 1, "index": _LABELS},
    "masked_fill(x, condition, value)": {"condition": TENSORS["P"] > 0.5, "value": 2.0},
    "linear(x, W)": {"W": TENSORS["X"]},
    "linear(x, W, b)": {"W": TENSORS["X"], "b": TENSORS["u"]},
    "linspace(a, b, n)": {"b": 7.0},
    "addmm(b, x, y)": {"b": TENSORS["P"][:, :3], "y": TENSORS["Z"].T},
    "clamp_max(x, bound)": {"bound": TENSORS["P"].flip(0)},
    "clamp_min(x, bound)": {"bound": TENSORS["P"].flip(0)},
    "lerp(x, y, weight)": {"weight": 0.25},
    "all(x)": {"x": torch.tensor([1.0, 0.0])},
    "any(x)": {"x": torch.tensor([1.0, 0.0])},
    "count_nonzero(x)": {"x": torch.tensor([1.0, 0.0])},
    "heaviside(x, y)": {"x": TENSORS["P"].round()},
    "vdot(u, v)": {"u": TENSORS["u"], "v": TENSORS["u"] + 1},
}  # fmt: skip
_MATHEMATICS = {
    "adj(A)": lambda A: torch.linalg.inv(A) * torch.linalg.det(A),
    "adjugate(A)": lambda A: torch.linalg.inv(A) * torch.linalg.det(A),
    "cofactor(A)": torch.func.grad(torch.linalg.det),
    "cot(x)": lambda x: x.cos() / x.sin(),
    "ctg(x)": lambda x: x.cos() / x.sin(),
    "csc(x)": lambda x: 1 / x.sin(),
    "sec(x)": lambda x: 1 / x.cos(),
    "degrees(x)": torch.rad2deg,
    "radians(x)": torch.deg2rad,
    "hadamard(x, y)": torch.mul,
    "log(x, base)": lambda x, base: x.log() / math.log(base),
    "vec(A)": lambda A: A.T.reshape(-1),
    "empty(shape)": torch.zeros,
    "empty_like(x)": torch.zeros_like,
    "fliplr(x)": lambda x: x.flip(1),
    "flipud(x)": lambda x: x.flip(0),
    "average(x)": torch.mean,
    "ptp(x)": lambda x: x.max() - x.min(),
    "vecdot(u, v)": torch.linalg.vecdot,
    "equal(x, y)": torch.eq,
    "linspace(a, b, n)": lambda a, b, n: torch.linspace(a, b, n, dtype=torch.float64),
}


@pytest.mark.parametrize(("called", "written"), WRITTEN_OUT, ids=[called for called, _ in WRITTEN_OUT])
def test_a_function_that_is_written_out_has_the_others_values(called: str, written: str) -> None:
    """What we advise instead of a function of NumPy's or PyTorch's comes to the same numbers."""
    name, _, inner = called.removesuffix(")").partition("(")
    given = {**_GIVEN, **_OTHERWISE.get(called, {})}
    arguments = [given[parameter] for parameter in inner.split(", ")]
    places = (torch.nn.functional, torch, torch.special)
    function = _MATHEMATICS.get(called) or next(getattr(place, name) for place in places if hasattr(place, name))
    expected = torch.as_tensor(function(*arguments)).to(torch.float64)
    tensors = {key: value for key, value in given.items() if isinstance(value, torch.Tensor)}
    numbers = {key: value for key, value in given.items() if isinstance(value, int)}
    literals = {key: value for key, value in given.items() if isinstance(value, float | tuple)}
    for key, value in literals.items():
        written = re.sub(rf"\b{key}\b", repr(value), written)
    actual = evaluate(parse(written), tensors, numbers)
    torch.testing.assert_close(actual.to(torch.float64), expected, rtol=1e-12, atol=1e-12)


def test_every_function_is_implemented() -> None:
    """No function of the registry is without an implementation, and no kink without a function."""
    assert set(FUNCTIONS) == set(IMPLEMENTATIONS)
    assert set(KINKS) <= set(FUNCTIONS)


def test_a_plain_number_is_a_0d_tensor() -> None:
    """A formula without arrays is a scalar in float64."""
    found = evaluate(parse("2 * n + 1"), {}, {"n": 3})
    assert (torch.float64, torch.Size([]), 7.0) == (found.dtype, found.shape, float(found))


def test_single_precision_input_is_taken_to_double() -> None:
    """A float32 or boolean tensor does not make the arithmetic any coarser."""
    found = evaluate(parse("x / 3 + c"), {"x": torch.tensor(1.0, dtype=torch.float32), "c": torch.tensor(True)}, {})
    assert (torch.float64, 1 / 3 + 1) == (found.dtype, float(found))


def test_the_default_dtype_does_not_matter() -> None:
    """Labels in float arithmetic are float64, whatever torch's default is."""
    found = evaluate(parse("log(y + 1) * 0.5"), {"y": torch.tensor([1, 2])}, {})
    assert math.log(3) / 2 == float(found[1])


# Faults


_NOT_FINITE = [
    ("log(-x)", "log(-x): it is not finite here"),
    ("1 / (x - x)", "1 / (x - x): it is not finite here"),
    ("sqrt(-x) * 0", "sqrt(-x): it is not finite here"),
    ("where(x > 0, x, log(-x))", "log(-x): it is not finite here"),
    ("1 / exp(exp(10 * x))", "exp(exp(10 * x)): it is not finite here"),
    ("inv(x[:, None] @ x[None])", "inv(x[:, None] @ x[None, :]): the matrix is singular, or not positive definite"),
    ("cholesky(-eye(2))", "cholesky(-eye(2)): the matrix is singular, or not positive definite"),
]


@pytest.mark.parametrize(("text", "what"), _NOT_FINITE, ids=[text for text, _ in _NOT_FINITE])
def test_what_is_not_finite_is_told_with_its_part(text: str, what: str) -> None:
    """The part that has no finite value is named, also where the rest would hide it."""
    with pytest.raises(NotFiniteError) as caught:
        evaluate(parse(text.replace("[None]", "[None, :]")), {"x": _leaf(1.0, 2.0)}, {})
    assert what == caught.value.what


_FAULTS = [
    ("x[x]", "x[x]: the indices are no whole numbers"),
    ("x[y]", "x[y] cannot be computed: index 7 is out of bounds for dimension 0 with size 2"),
    ("take(x, y)", "take(x, y): an index is outside an axis of size 2"),
    ("take_along_axis(x, y, 0)", "take_along_axis(x, y, 0): an index is outside an axis of size 2"),
    ("one_hot(x, 3)", "one_hot(x, 3): the indices are no whole numbers"),
    ("one_hot(y, 3)", "one_hot(y, 3) cannot be computed: Class values must be smaller than num_classes."),
    ("x @ y[:1]", "x @ y[:1]: the inner sizes differ: x is (2,), y[:1] is (1,)"),
    ("q", "`q` is not defined"),
]


@pytest.mark.parametrize(("text", "what"), _FAULTS, ids=[text for text, _ in _FAULTS])
def test_a_fault_is_told_with_its_part(text: str, what: str) -> None:
    """What only the numbers show (labels out of range, floats as indices) is a FormulaError, too, but no NotFiniteError."""
    with pytest.raises(FormulaError) as caught:
        evaluate(parse(text), {"x": _leaf(1.0, 2.0), "y": torch.tensor([0, 7])}, {})
    assert (what, FormulaError) == (caught.value.what, type(caught.value))


def test_a_huge_array_is_never_made() -> None:
    """Sizes are judged before anything is computed."""
    start = time.perf_counter()
    with pytest.raises(FormulaError, match="entries"):
        evaluate(parse("sum(x) + sum(eye(10 ** 9))"), {"x": _leaf(1.0)}, {})
    assert time.perf_counter() - start < 1


# Kinks


_DISTANCES = [
    ("relu(x)", [0.5]),
    ("abs(x - 1)", [0.25]),
    ("sign(x)", [0.5]),
    ("leaky_relu(x)", [0.5]),
    ("elu(x, alpha=0.5)", [0.5]),
    ("elu(x)", []),
    ("maximum(x, 1)", [0.25]),
    ("minimum(2, x)", [0.75]),
    ("clip(x, -1, 3)", [0.5]),
    ("clip(x)", []),
    ("max(x)", [1.75]),
    ("min(x)", [1.75]),
    ("argmax(x)", [1.75]),
    ("argmin(x)", [1.75]),
    ("max(x[:, None], axis=1)", []),
    ("max(stack((x, x + 0.125)), axis=0)", [0.125]),
    ("x > 1", [0.25]),
    ("where(x > -1, x, 0)", [0.5]),
    ("where(c > 1, x, 0)", []),
    ("relu(c) * x", []),
    ("norm(x)", []),
    ("norm(x, ord=1)", [0.5]),
    ("norm(x - x)", []),
    ("norm(stack((x + 0.5, 2 * x + 1)), axis=0, keepdims=True)", [0.0]),
    ("max_pool2d(outer(x, x), (2, 1))", [0.875]),
    ("x ** 3", []),
    ("x ** 0", []),
    ("power(x, 2)", []),
    ("(x + 2) ** 0.5", []),
    ("max(pad(x - 2, 3))", []),
    ("relu(pad(x, 1))", [0.5]),
    ("max_pool2d(relu(outer(x, ones(4))), (1, 2))", [0.5]),
    ("max_pool2d(relu(-1 - outer(x, x)), 2)", [0.375]),
    ("relu(relu(x) + 1)", [0.5, 1.0]),
    ("tanh(x) * exp(x) / (1 + x ** 2)", []),
]


@pytest.mark.parametrize(("text", "distances"), _DISTANCES, ids=[text for text, _ in _DISTANCES])
def test_the_distance_to_each_kink_is_collected(text: str, distances: list[float]) -> None:
    """At x = (-0.5, 1.25); the constant c has kinks that do not matter."""
    kinks: list[float] = []
    values = {"x": _leaf(-0.5, 1.25), "c": torch.tensor(0.0, dtype=torch.float64)}
    evaluate(parse(text), values, {}, kinks=kinks)
    assert distances == pytest.approx(kinks)


def test_a_tie_of_zeros_is_a_kink_for_whoever_differentiates_by_them() -> None:
    """Where relu is flat, its zeros stay tied; held as inputs, they do not."""
    x = _leaf(-0.5, -1.25)
    hidden = evaluate(parse("relu(x)"), {"x": x}, {})
    by_input: list[float] = []
    by_hidden: list[float] = []
    evaluate(parse("max(h)"), {"x": x, "h": hidden}, {}, kinks=by_input)
    evaluate(parse("max(h)"), {"x": x, "h": hidden}, {}, kinks=by_hidden, wrt=[hidden])
    assert (by_input, by_hidden) == ([], [0.0])


_KINK_SOURCES = {name for name in FUNCTIONS if name in KINKS} | {"where"}


@pytest.mark.parametrize("example", SMOOTH, ids=lambda example: example.text)
def test_only_functions_with_kinks_have_distances(example: Example) -> None:
    """A smooth formula collects none; a distance is never negative."""
    kinks: list[float] = []
    leaves = {name: value.clone().requires_grad_(value.is_floating_point()) for name, value in TENSORS.items()}
    formula = parse(example.text)
    evaluate(formula, leaves, AXES, kinks=kinks)
    has_source = any(
        (isinstance(node, CallNode) and node.function in _KINK_SOURCES) or isinstance(node, CompareNode) for node in formula.nodes
    )
    assert not kinks or has_source or "**" in example.text
    assert all(kink >= 0 for kink in kinks)


# Edits


def _gradient(text: str, x: torch.Tensor, edits: dict[str, Edit], **others: torch.Tensor) -> list[float]:
    """Compute the gradient of sum(formula) by x, with edits at the nodes of these texts; check that the value stays the same."""
    formula = parse(text)
    positions = {position: edits[node_text(node)] for position, node in enumerate(formula.nodes) if node_text(node) in edits}
    assert len(edits) == len({node_text(formula.nodes[position]) for position in positions})
    found = evaluate(formula, {"x": x, **others}, {"n": 2}, edits=positions)
    assert torch.allclose(evaluate(formula, {"x": x, **others}, {"n": 2}), found, rtol=1e-15)
    if not found.requires_grad:
        return [0.0] * x.numel()
    gradient: list[float] = torch.autograd.grad(found.sum(), x)[0].tolist()
    return gradient


def test_as_identity_leaves_a_factor_out() -> None:
    """With tanh as identity, the derivative of 3 * tanh(2x) by x is 6: 1 - y² is missing."""
    assert _gradient("3 * tanh(2 * x)", _leaf(0.3, -0.7), {"tanh(2 * x)": AsIdentity()}) == [6.0, 6.0]


def test_as_slope_takes_another_derivative() -> None:
    """With tanh's value for its slope, the derivative of 3 * tanh(2x) by x is 6 tanh(2x)."""
    x = _leaf(0.3, -0.7)
    y = torch.tanh(2 * x).detach()
    assert _gradient("3 * tanh(2 * x)", x, {"tanh(2 * x)": AsSlope(y)}) == (6 * y).tolist()


def test_as_identity_of_a_quotient_is_by_its_array() -> None:
    """1 / u as identity has the derivative 1 by u, wherever u stands."""
    assert _gradient("1 / (2 * x)", _leaf(0.3), {"1 / (2 * x)": AsIdentity()}) == [2.0]


def test_detached_drops_a_path() -> None:
    """A mean that is treated as a constant gives the derivative 1 of x - mean(x)."""
    assert _gradient("x - mean(x)", _leaf(0.3, -0.7), {"mean(x)": Detached()}) == [1.0, 1.0]


def test_only_the_node_at_the_position_is_edited() -> None:
    """Of two equal parts, each has its own position."""
    formula = parse("x * x")
    x = _leaf(3.0)
    for position in (0, 1):
        found = evaluate(formula, {"x": x}, {}, edits={position: Detached()})
        assert torch.autograd.grad(found.sum(), x)[0].tolist() == [3.0]


def test_the_derivative_can_be_taken_at_another_array() -> None:
    """Tanh' at y instead of at z is 1 - tanh(y)²."""
    x = _leaf(0.3, -0.7)
    at = torch.tanh(x.detach())
    assert (1 - torch.tanh(at) ** 2).tolist() == pytest.approx(_gradient("tanh(x)", x, {"tanh(x)": DerivativeAt(at)}))


def test_the_derivative_of_a_power_can_be_taken_at_another_array() -> None:
    """The derivative of u ** 3 at a is 3 a², of 2 ** u it is 2ᵃ log 2."""
    x, at = _leaf(0.3, -0.7), torch.tensor([2.0, 5.0], dtype=torch.float64)
    assert pytest.approx(_gradient("x ** 3", x, {"x ** 3": DerivativeAt(at)})) == [12.0, 75.0]
    assert [4 * math.log(2), 32 * math.log(2)] == pytest.approx(_gradient("2 ** x", x, {"2 ** x": DerivativeAt(at)}))


def test_the_derivative_at_an_array_can_be_differentiated() -> None:
    """Second derivatives of an edited formula exist where the array depends on the input."""
    x = _leaf(0.3)
    found = evaluate(parse("x ** 3"), {"x": x}, {}, edits={2: DerivativeAt(x**2)})
    first = torch.autograd.grad(found.sum(), x, create_graph=True)[0]
    assert pytest.approx(torch.autograd.grad(first.sum(), x)[0].tolist()) == [12 * 0.3**3]


def test_a_derivative_by_output_takes_what_it_is_given() -> None:
    """1 - z² is what somebody writes who squares the input of tanh."""
    x = _leaf(0.3, -0.7)
    assert pytest.approx(_gradient("tanh(x)", x, {"tanh(x)": DerivativeByOutput(x.detach())})) == [1 - 0.09, 1 - 0.49]


@pytest.mark.parametrize("name", BY_OUTPUT)
def test_a_derivative_by_output_is_right_at_the_output(name: str) -> None:
    """Given the output itself, the formula by output is the function's derivative."""
    x = _leaf(0.3, 0.7)
    formula = parse(f"{name}(x)")
    output = evaluate(formula, {"x": x}, {})
    expected = torch.autograd.grad(output.sum(), x)[0].tolist()
    assert expected == pytest.approx(_gradient(f"{name}(x)", x, {f"{name}(x)": DerivativeByOutput(output.detach())}))


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("sum(x)", AsIdentity()),
        ("zeros(2)", AsIdentity()),
        ("tanh(x)", DerivativeAt(torch.zeros(3, dtype=torch.float64))),
        ("sin(x)", DerivativeByOutput(torch.zeros(2, dtype=torch.float64))),
    ],
)
def test_an_edit_without_meaning_is_a_value_error(text: str, edit: Edit) -> None:
    """A node that changes the shape has no identity, sin has no derivative by its output."""
    formula = parse(text)
    with pytest.raises(ValueError, match=r"this|the derivative"):
        evaluate(formula, {"x": _leaf(1.0, 2.0)}, {}, edits={len(formula.nodes) - 1: edit})


def test_elementwise_nodes_of_one_array_are_found() -> None:
    """Functions, powers and quotients of one array are, sums, products and functions of two arrays are not."""
    formula = parse(
        "tanh(W @ x + 1) * x ** 2 + 1 / clip(b, 0, n) - where(x > 0, x, b) + maximum(0, -x) + sqrt(n) + e ** x + sum(x) + x / y"
    )
    found = [node_text(formula.nodes[position]) for position in elementwise_unary(formula, {"n"})]
    assert found == ["tanh(W @ x + 1)", "x ** 2", "clip(b, 0, n)", "1 / clip(b, 0, n)", "maximum(0, -x)", "e ** x"]


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("tanh(W @ x)", "W @ x"),
        ("x ** 2", "x"),
        ("2 ** x", "x"),
        ("1 / (x + 1)", "x + 1"),
        ("e ** x", "x"),
        ("maximum(0, x)", "x"),
    ],
)
def test_the_argument_of_an_elementwise_node_is_its_array(text: str, inside: str) -> None:
    """What a message calls the input of the function."""
    assert inside == node_text(argument(parse(text).root))


def test_a_part_of_a_formula_can_be_evaluated() -> None:
    """A node makes a formula of its own: hypotheses look at parts."""
    part = argument(parse("tanh(x + 1)").root)
    assert evaluate(Formula(node_text(part), part), {"x": _leaf(1.0)}, {}).tolist() == [2.0]
