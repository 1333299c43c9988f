from __future__ import annotations

import time

import pytest
from formula_examples import AXES, EXAMPLES, SHAPES, Example, expected_of

from grader.exercise.formula import FUNCTIONS, FormulaError, infer_shape, parse
from grader.exercise.formula.rules import RULES


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.text)
def test_the_shape_of_an_example_is_numpys(example: Example) -> None:
    """Inference without arrays comes to the shape that NumPy computes, for every function."""
    assert expected_of(example).shape == infer_shape(parse(example.text), SHAPES, AXES)


def test_every_function_has_a_rule() -> None:
    """No function of the registry is without a shape, and no rule without a function."""
    assert set(FUNCTIONS) == set(RULES)


_IMAGES = "x2 is (2, 4, 6, 7), w2 is (6, 4, 2, 3)"
_MISFITS = [
    ("X @ Z", "the inner sizes differ: X is (3, 4), Z is (3, 4)"),
    ("X @ s", "@ is for vectors and matrices, not for a scalar: X is (3, 4), s is ()"),
    ("matmul(X, 2)", "@ is for vectors and matrices, not for a scalar: X is (3, 4)"),
    ("B @ stack((A, A, A))", "the shapes do not fit together: B is (2, 3, 4), stack((A, A, A)) is (3, 4, 4)"),
    ("X + u", "the shapes do not fit together: X is (3, 4), u is (3,)"),
    ("X > u", "the shapes do not fit together: X is (3, 4), u is (3,)"),
    ("where(u > 0, X, 0)", "the shapes do not fit together: u > 0 is (3,), X is (3, 4)"),
    ("X // 2", "`//` is for whole numbers known beforehand, not for arrays: X is (3, 4)"),
    ("1 / (n - 4)", "1 / 0 divides by zero"),
    ("X[3]", "the index 3 is outside an axis of size 3: X is (3, 4)"),
    ("X[0, 0, 0]", "the index has 3 items for 2 axes: X is (3, 4)"),
    ("u[0, 0]", "the index has 2 items for 1 axis: u is (3,)"),
    ("X[..., ...]", "`...` stands twice in the index: X is (3, 4)"),
    ("X[s > 0]", "how many entries a condition picks is not known: X is (3, 4), s > 0 is ()"),
    ("X[1.0]", "an index has to be a whole number: X is (3, 4)"),
    ("B[y, :, y]", "index arrays are separated by a slice, None or ...: B is (2, 3, 4), y is (3,)"),
    ("B[0, :, y]", "index arrays are separated by a slice, None or ...: B is (2, 3, 4), y is (3,)"),
    ("X[arange(n), y]", "the shapes do not fit together: X is (3, 4), arange(n) is (4,), y is (3,)"),
    ("sum(X, axis=2)", "axis is 2, but there are 2 axes: X is (3, 4)"),
    ("sum(u, axis=-2)", "axis is -2, but there is 1 axis: u is (3,)"),
    ("sum(X, axis=(0, -2))", "axis names an axis twice: X is (3, 4)"),
    ("sum(X, axis=())", "axis is (), which names none: X is (3, 4)"),
    ("sum(X, axis=s)", "axis has to be a whole number: X is (3, 4), s is ()"),
    ("sum((X, Z))", "a tuple is given where an array is needed: X is (3, 4), Z is (3, 4)"),
    ("max(X[1:1])", "an axis of size 0 has nothing to reduce: X[1:1] is (0, 4)"),
    ("var(X, axis=0, ddof=3)", "the variance of 3 with ddof=3 is not defined: X is (3, 4)"),
    ("argmax(X, axis=(0, 1))", "axis has to be a whole number: X is (3, 4)"),
    ("norm(X, ord=2)", "ord=2 of a matrix is another norm: X is (3, 4)"),
    ("norm(u, ord=-1)", "ord is None, 'fro' or a positive number: u is (3,)"),
    ("norm(u, 'fro')", "ord='fro' is for matrices: u is (3,)"),
    ("dot(X, Z)", "the inner sizes differ: X is (3, 4), Z is (3, 4)"),
    ("inner(X, u)", "the last sizes differ: X is (3, 4), u is (3,)"),
    ("einsum('ij,j->i', X, u)", "the subscript `j` stands for 4 and for 3: X is (3, 4), u is (3,)"),
    ("einsum('ij->ij', X, u)", "the subscripts name 1 operand, but 2 are given: X is (3, 4), u is (3,)"),
    ("einsum('ijk->i', X)", "the subscripts `ijk` stand at an operand with 2 axes: X is (3, 4)"),
    ("einsum('ij->k', X)", "the result's subscript `k` belongs to no operand: X is (3, 4)"),
    ("einsum('ij->ii', X)", "the result's subscripts `ii` name an axis twice: X is (3, 4)"),
    ("einsum('i...->i', X)", "the result's subscripts leave out `...`: X is (3, 4)"),
    ("einsum('i1', X)", "subscripts are letters, commas, one -> and ...: X is (3, 4)"),
    ("einsum(X, 'ij')", "the subscripts come first, as a text: X is (3, 4)"),
    ("transpose(B, (0, 1))", "axes names 2 axes of 3: B is (2, 3, 4)"),
    ("inv(X)", "the matrix is not square: X is (3, 4)"),
    ("det(u)", "the matrix is not square: u is (3,)"),
    ("trace(B)", "trace takes one matrix: B is (2, 3, 4)"),
    ("solve(A, u)", "the inner sizes differ: A is (4, 4), u is (3,)"),
    ("solve(A, X)", "the inner sizes differ: A is (4, 4), X is (3, 4)"),
    ("diag(B)", "diag takes one vector or one matrix: B is (2, 3, 4)"),
    ("tril(u)", "a triangle needs a matrix: u is (3,)"),
    ("one_hot(y, s)", "classes has to be a whole number: y is (3,), s is ()"),
    ("conv2d(x2, w1)", "both arrays need 4 axes: x2 is (2, 4, 6, 7), w1 is (6, 4, 3)"),
    ("conv2d(x2, wt)", "the channels differ: x2 is (2, 4, 6, 7), wt is (4, 3, 2, 3)"),
    ("conv2d(x2, w2, groups=2)", "the channels do not divide into 2 groups that fit: x2 is (2, 4, 6, 7), w2 is (6, 4, 2, 3)"),
    ("conv2d(x2, w2, stride=0)", "stride is 0, less than 1: x2 is (2, 4, 6, 7), w2 is (6, 4, 2, 3)"),
    ("conv2d(x2, w2, 1, (1, 1, 1))", "padding is one whole number, or one for height and one for width: " + _IMAGES),
    ("conv1d(x1[:, :, :2], w1)", "a window of 3 does not fit into 2: x1[:, :, :2] is (2, 4, 2), w1 is (6, 4, 3)"),
    ("conv_transpose2d(x2, w2)", "the channels differ: x2 is (2, 4, 6, 7), w2 is (6, 4, 2, 3)"),
    ("conv_transpose2d(x1, wt)", "both arrays need 4 axes: x1 is (2, 4, 7), wt is (4, 3, 2, 3)"),
    ("conv_transpose2d(x2, wt, padding=9)", "the padding takes everything away: x2 is (2, 4, 6, 7), wt is (4, 3, 2, 3)"),
    ("max_pool2d(X, 5)", "a window of 5 does not fit into 3: X is (3, 4)"),
    ("avg_pool2d(u, 2)", "pooling is over the last two axes: u is (3,)"),
    ("pad(X, ((1, 1), (1, 1), (1, 1)))", "pad_width has 3 pairs for 2 axes: X is (3, 4)"),
    ("pad(X, (1, 2, 3))", "pad_width is one number, (before, after), or such a pair for each axis: X is (3, 4)"),
    ("pad(X, -1)", "pad_width is -1, less than 0: X is (3, 4)"),
    ("pad(X, 1, constant_values=s)", "constant_values is one number: X is (3, 4), s is ()"),
    ("reshape(X, (5, -1))", "the entries cannot be divided so that -1 is a whole number: X is (3, 4)"),
    ("reshape(X, (m, m))", "the new shape has another number of entries: X is (3, 4)"),
    ("reshape(X, (-1, -1))", "the new shape has -1 more than once: X is (3, 4)"),
    ("reshape(X, 12, order='A')", "order is 'C' (row by row) or 'F' (column by column): X is (3, 4)"),
    ("stack((u, v))", "the shapes differ: u is (3,), v is (4,)"),
    ("stack(u)", "it takes a tuple of arrays: u is (3,)"),
    ("concatenate((X, u), axis=1)", "the shapes differ in another axis than the one to join: X is (3, 4), u is (3,)"),
    ("concatenate(())", "it takes a tuple of arrays"),
    ("broadcast_to(X, (4, 3))", "the shapes do not fit together: X is (3, 4)"),
    ("broadcast_to(X, v)", "shape has to be a whole number: X is (3, 4), v is (4,)"),
    ("broadcast_to(X[:1], (1, 1))", "it cannot be repeated to (1, 1): X[:1] is (1, 4)"),
    ("broadcast_to(X, 4)", "it cannot be repeated to (4,): X is (3, 4)"),
    ("squeeze(X, 0)", "only an axis of size 1 can be squeezed: X is (3, 4)"),
    ("swapaxes(X, 0, 2)", "axis2 is 2, but there are 2 axes: X is (3, 4)"),
    ("moveaxis(B, (0, 1), 2)", "source and destination name different numbers of axes: B is (2, 3, 4)"),
    ("roll(X, (1, 2, 3), axis=(0, 1))", "shift and axis name different numbers of axes: X is (3, 4)"),
    ("roll(X, 1, axis=2)", "axis is 2, but there are 2 axes: X is (3, 4)"),
    ("roll(X, v)", "shift has to be a whole number: X is (3, 4), v is (4,)"),
    ("take(X, 4, axis=1)", "an index is outside an axis of size 4: X is (3, 4)"),
    ("take_along_axis(X, y, axis=1)", "indices need as many axes as the array: X is (3, 4), y is (3,)"),
    ("full(m, v)", "the shapes do not fit together: v is (4,)"),
    ("full((), v)", "fill_value does not fit into (): v is (4,)"),
    ("eye(-1)", "N is -1, less than 0"),
    ("eye(s)", "N has to be a whole number: s is ()"),
    ("arange(0, n, 0)", "step is 0"),
    ("gelu(X, 'fast')", "approximate is 'none' or 'tanh': X is (3, 4)"),
    ("tanh('X')", "the text 'X' is given where an array is needed"),
    ("tanh(None)", "None is given where an array is needed"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "what"), _MISFITS, ids=[text for text, _ in _MISFITS])
def test_a_misfit_is_told_in_the_authors_words(text: str, what: str) -> None:
    """The message quotes the part that does not fit, what is wrong with it, and the shapes of its operands."""
    with pytest.raises(FormulaError) as caught:
        infer_shape(parse(text), SHAPES, AXES)
    assert f"{text}: {what}" == caught.value.what


@pytest.mark.parametrize("text", ["max(X, Z)", "max(0, X)", "max(X, 0.5)"])
def test_pythons_max_is_told_as_ours(text: str) -> None:
    """The larger of two arrays is another function than the largest entry of one."""
    with pytest.raises(FormulaError) as caught:
        infer_shape(parse(text), SHAPES, AXES)
    assert "The larger of two, entry by entry, is maximum(x, y)." == caught.value.remedy


def test_the_message_is_about_the_part_alone() -> None:
    """In a long formula only the part that does not fit is quoted."""
    with pytest.raises(FormulaError) as caught:
        infer_shape(parse("tanh(X @ (u + 1)) + sum(X, axis=1)"), SHAPES, AXES)
    assert caught.value.what == "X @ (u + 1): the inner sizes differ: X is (3, 4), u + 1 is (3,)"


@pytest.mark.parametrize(
    ("text", "what"),
    [("X[::0]", "::0: the step of a slice is 0"), ("X[:1 / 2]", ":1 / 2: a bound of a slice has to be a whole number")],
)
def test_a_slice_takes_whole_numbers(text: str, what: str) -> None:
    """Bounds are known beforehand, as all sizes are."""
    with pytest.raises(FormulaError) as caught:
        infer_shape(parse(text), SHAPES, AXES)
    assert what == caught.value.what


def test_shapes_can_be_told_in_axis_names() -> None:
    """`describe` writes the shapes of a message."""
    with pytest.raises(FormulaError) as caught:
        infer_shape(
            parse("W @ x"), {"W": (3, 4), "x": (5,)}, {}, lambda shape: "(" + " ".join(f"d{size}" for size in shape) + ")"
        )
    assert caught.value.what == "W @ x: the inner sizes differ: W is (d3 d4), x is (d5)"


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    """A name that is neither an array nor an axis nor a constant is not defined."""
    with pytest.raises(FormulaError) as caught:
        infer_shape(parse("x + q"), {"x": (3,)}, {"n": 3})
    assert (caught.value.what, caught.value.remedy) == ("`q` is not defined", "Known here: x, n.")


def test_a_name_of_the_exercise_goes_before_a_constant() -> None:
    """An exercise may call its error e and its policy pi."""
    assert infer_shape(parse("e"), {"e": (3,)}, {}) == (3,)
    assert infer_shape(parse("e"), {}, {}) == ()


_HUGE = {
    "eye": "eye(10 ** 9)",
    "zeros": "zeros((10 ** 15, 10 ** 15))",
    "arange": "arange(2 ** 53)",
    "repeat": "repeat(x, 10 ** 15)",
    "tile": "tile(x, (10 ** 15,) )",
    "pad": "pad(x, 2 ** 50)",
    "outer": "outer(zeros(2 ** 20), zeros(2 ** 20))",
    "broadcast": "zeros(2 ** 20)[:, None] + zeros(2 ** 20)",
    "einsum": "einsum('a,b,c,d,e,f,g,h->abcdefgh', x, x, x, x, x, x, x, x)",
    "kron": "kron(kron(kron(x, x), kron(x, x)), kron(kron(x, x), kron(x, x)))",
    "one_hot": "one_hot(x, 2 ** 53)",
}


@pytest.mark.parametrize("text", _HUGE.values(), ids=_HUGE)
def test_a_huge_array_is_refused_before_it_is_made(text: str) -> None:
    """More than 2**27 entries anywhere in a formula are a fault, at once."""
    start = time.perf_counter()
    with pytest.raises(FormulaError, match=r"it has \d+ entries, more than 134217728"):
        infer_shape(parse(text), {"x": (30,)}, {})
    assert time.perf_counter() - start < 1
