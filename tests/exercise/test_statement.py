"""Notation of targets and entries, and statements made from the exercise."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from builders import affine, cubic, tanh_linear, target

from grader.exercise.formula import parse
from grader.exercise.model import JVP, VJP, Draw, Exercise, Gradient, Hessian, Input, Jacobian, Kind, Line, Local, Value
from grader.exercise.statement import notation, statement
from grader.text import shape_text


def wide() -> Exercise:
    """Make the tanh layer with a matrix input first, a tangent, an upstream gradient and a loss."""
    exercise = tanh_linear()
    inputs = (*exercise.inputs, Input(name="v", axes=("m", "n")), Input(name="g", axes=("m",)))
    return replace(exercise, inputs=inputs, forward=(*exercise.forward, Line(name="E", formula=parse("sum(y ** 2)"), axes=())))


@pytest.mark.parametrize(
    ("kind", "shape", "formula", "index", "entry"),
    [
        (Jacobian(of="y", wrt="W"), "m m n", "t[k,i,j] = ∂y[k]/∂W[i,j]", (0, 1, 2), "∂y[0]/∂W[1,2]"),
        (Jacobian(of="y", wrt="x"), "m n", "t[i,j] = ∂y[i]/∂x[j]", (1, 0), "∂y[1]/∂x[0]"),
        (
            Local(of="y", wrt="z"),
            "m m",
            "t[i,j] = ∂y[i]/∂z[j], the other operands of its line held fixed",
            (1, 0),
            "∂y[1]/∂z[0]",
        ),
        (Gradient(of="E", wrt="W"), "m n", "t[i,j] = ∂E/∂W[i,j]", (1, 0), "∂E/∂W[1,0]"),
        (VJP(of="y", wrt="W", upstream="g"), "m n", "t[i,j] = ∂L/∂W[i,j] = Σ_k g[k] ∂y[k]/∂W[i,j]", (1, 0), "∂L/∂W[1,0]"),
        (
            VJP(of="y", wrt="W", upstream="g", also=(("z", "v"),)),
            "m n",
            "t[i,j] = ∂L/∂W[i,j] = Σ_k g[k] ∂y[k]/∂W[i,j] + Σ_k v[k] ∂z[k]/∂W[i,j]",
            (1, 0),
            "∂L/∂W[1,0]",
        ),
        (JVP(of="y", wrt="W", tangent="v"), "m", "t[i] = Σ_jk ∂y[i]/∂W[j,k] v[j,k]", (1,), "(∂y/∂W · v)[1]"),
        (Hessian(of="E", wrt="W", other="x"), "m n n", "t[i,j,k] = ∂²E/∂W[i,j]∂x[k]", (0, 1, 2), "∂²E/∂W[0,1]∂x[2]"),
        (Value(of="y"), "m", "t[i] = y[i]", (1,), "y[1]"),
        (Gradient(of="E", wrt="E"), "", "t = ∂E/∂E", (), "∂E/∂E"),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "of") else "",
)
def test_every_kind_has_a_formula_and_names_its_entries(
    kind: Kind, shape: str, formula: str, index: tuple[int, ...], entry: str
) -> None:
    """The formula says what each index means; an entry's name is the formula at that index."""
    note = notation(wide(), target("t", kind, shape))
    assert (note.formula, note.entry(index)) == (formula, entry)


def test_the_denominator_layout_puts_the_axes_of_wrt_first() -> None:
    """Formula, entry and meaning of the axes follow the layout."""
    note = notation(wide(), target("t", Jacobian(of="y", wrt="W"), "m n m", layout="denominator"))
    assert note.formula == "t[i,j,k] = ∂y[k]/∂W[i,j]"
    assert note.entry((1, 2, 0)) == "∂y[0]/∂W[1,2]"
    assert note.axes_in_words == "∂y/∂W has shape (m, n, m): the axes of W, then the axes of y."


def test_letters_are_not_names_of_the_exercise() -> None:
    """An index is never called as an axis or an input is."""
    exercise = replace(wide(), inputs=(*wide().inputs, Input(name="i", axes=())))
    assert notation(exercise, target("t", Jacobian(of="y", wrt="x"), "m n")).formula == "t[j,k] = ∂y[j]/∂x[k]"


def test_axes_of_a_scalar_are_not_mentioned() -> None:
    """The Jacobian by a scalar has the numerator's axes only; a number has none."""
    exercise = replace(wide(), inputs=(*wide().inputs, Input(name="a", axes=())))
    assert notation(exercise, target("t", Jacobian(of="y", wrt="a"), "m")).axes_in_words == "∂y/∂a has shape (m,): the axes of y."
    assert (
        notation(exercise, target("t", Gradient(of="E", wrt="a"), "")).axes_in_words == "∂E/∂a is a single number, of shape ()."
    )


def test_shapes_are_written_as_python_writes_them() -> None:
    """One axis keeps its comma."""
    assert [shape_text(axes) for axes in ((), ("m",), ("m", "n"))] == ["()", "(m,)", "(m, n)"]


def test_a_statement_is_made_where_there_is_none() -> None:
    """It names every input with its shape, every line of forward, and the gradient that arrives."""
    made = statement(affine())
    for part in ("`x` of shape (N, D)", "    out = x @ w", "`dout` = ∂L/∂out of shape (N, M)"):
        assert part in made


def test_the_two_products_are_told_apart() -> None:
    """Of other functions nothing is said: softmax, sum and inv do not act on single entries."""
    assert statement(tanh_linear()).endswith("`@` is the matrix product, `*` multiplies entry by entry.")


def test_gradients_of_two_quantities_are_of_one_loss() -> None:
    """One sentence: "a loss" twice would be two."""
    exercise = affine()
    (one,) = exercise.upstream
    said = statement(replace(exercise, statement="", upstream=(one, replace(one, name="dZ", like="Z"))))
    assert 1 == said.count("a loss L that you do not see")
    assert f"see arrive the gradients `{one.name}` = ∂L/∂{one.like} of shape" in said
    assert " and `dZ` = ∂L/∂Z of shape" in said


def test_the_exercise_s_own_statement_wins() -> None:
    """A statement of the file is shown as it is."""
    assert statement(replace(cubic(), statement="Differentiate.\n")) == "Differentiate."


def test_one_input_reads_as_a_sentence() -> None:
    """No stray comma or `and`."""
    assert re.match(r"Given `w` of shape \(n,\), let\n", statement(cubic()))


def test_what_sort_of_numbers_an_input_holds_is_said() -> None:
    """Labels are indices: whoever writes the function has to know it."""
    labels = Input(name="t", axes=("N",), draw=Draw(law="labels", parameters=("C",)))
    inputs = (*cubic().inputs, labels, Input(name="k", axes=("N",), draw=Draw(law="mask", parameters=(0.5,))))
    made = statement(replace(cubic(), inputs=inputs))
    assert "`w` of shape (n,), `t` of shape (N,) (whole numbers from 0 to C - 1) and `k` of shape (N,) (0 or 1), let" in made
