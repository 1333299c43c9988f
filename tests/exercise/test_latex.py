r"""LaTeX as text: what people read in a terminal where a notebook shows mathematics."""

from __future__ import annotations

import pytest

from grader.exercise.latex import as_text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"$\frac{\partial Y_k}{\partial W_{ij}}$", "∂Y_k/∂W_ij"),
        (r"$\frac{1}{N} \sum_{i=1}^{N} z_i$", "1/N Σ(i=1..N) z_i"),
        (r"$\frac{a + b}{2}$", "(a + b)/2"),
        (r"$1 - \tanh^2(z)$", "1 - tanh²(z)"),
        (r"$e^{-x}$ and $x^{-1}$", "e^(-x) and x⁻¹"),
        (r"$\sin x \cdot \mathrm{d}y$", "sin x · dy"),
        (r"$f'(x) \in \{0, 1\}$", "f′(x) ∈ {0, 1}"),
        (r"$\hat{y} = \sigma\left(\mathbf{w}^\top x\right)$", "\u0177 = σ(wᵀ x)"),
        (r"$k = 1, \dots, m$", "k = 1, ..., m"),
        (r"$\frac{Q K^\top}{\sqrt{d}}$", "(Q Kᵀ)/√d"),
        (r"$\frac{x_{id} - \mu_d}{\sqrt{v_d + \varepsilon}}$", "(x_id - μ_d)/√(v_d + ε)"),
        (r"$\sqrt{\frac{a}{b}}$ and $\sqrt{x_{ij}}$", "√(a/b) and √x_ij"),
        (r"$\log P_{i t_i}$ and $x_{n,p+k}$", "log P_(i t_i) and x_(n,p+k)"),
        (r"$e^{S_{ic}}$ and $W_{\mathrm{out}}$", "e^(S_ic) and W_out"),
        (r"$\partial^2 f / \partial x\, \partial y$", "∂²f / ∂x ∂y"),
        (r"$\frac{1}{2}x^2$ and $2\frac{1}{3}$", "1/2 x² and 2 1/3"),
        (r"$\frac{1}{2\sigma^2}$ and $\frac{2x}{y}$", "1/(2σ²) and 2x/y"),
        (r"$\frac{1}{\sqrt{2\pi}\sigma} e^{-x}$", "1/(√(2π)σ) e^(-x)"),
        (r"$\frac{\partial^2 f}{\partial x^2}$ and $\frac{dy}{dx}$", "∂²f/∂x² and dy/dx"),
        (r"$\frac{\partial L}{\partial y}\frac{\partial y}{\partial x}$", "∂L/∂y ∂y/∂x"),
        (r"$\frac{1}{N}(a + b)$ and $\frac{1}{(a + b)}$", "1/N (a + b) and 1/(a + b)"),
        (r"$\log\frac{p}{q}$", "log p/q"),
        (r"$\frac12$ and $\dfrac{1}n$ and $\frac\alpha\beta$", "1/2 and 1/n and α/β"),
        (r"$\begin{pmatrix} 1&2\\3&4 \end{pmatrix}$", "1 2; 3 4"),
        (r"$\sin{x} + \foo{y}$ and $\operatorname*{argmax} z$", "sin(x) + foo(y) and argmax z"),
        (r"$\|x\|^2 = \lVert x \rVert^2$", "‖x‖² = ‖ x ‖²"),
        (r"$\bigl(x\bigr) \Biggl[y\Biggr] \left. z\right|$", "(x) [y] z|"),
        (
            r"$\overline{x}$, $\overline{XY}$ and $\hat\beta$, $\widehat{\sigma}^2$",
            "x\u0304, X\u0304\u0232 and \u03b2\u0302, \u03c3\u0302²",
        ),
        ("between $5 and $6", "between $5 and $6"),
        ("`$HOME` stays", "`$HOME` stays"),
        ("no mathematics", "no mathematics"),
    ],
)
def test_formulas_in_a_line(source: str, text: str) -> None:
    """Symbols, fractions, powers and indices are what they are on paper; code and prices stay."""
    assert as_text(source) == text


def test_displayed_formulas_stand_alone() -> None:
    """A displayed formula is indented, one line for each of its lines."""
    assert as_text(r"Let $$a = 1 \\ b = 2 \qquad c = 3$$ be given.") == "Let\n\n    a = 1\n    b = 2   c = 3\n\nbe given."


def test_a_long_displayed_formula_goes_on_below_at_its_wide_spaces() -> None:
    """What does not fit the width is broken where the author left room."""
    assert as_text(r"$$a = b + c, \qquad d = e$$", width=16) == "    a = b + c,\n    d = e"


def test_paragraphs_are_wrapped_and_lists_stay() -> None:
    """Text fits the width; the lines of a list keep their places."""
    assert as_text("one two three\n\n- a\n- b", width=8) == "one two\nthree\n\n- a\n- b"


@pytest.mark.parametrize("source", [r"$\frac{1$", r"$}{$", "$" * 1000, r"$\sum_{$", "${" * 2000 + "}" * 2000 + "$"])
def test_broken_formulas_do_no_harm(source: str) -> None:
    """What is no LaTeX comes out as some text, soon."""
    assert isinstance(as_text(source), str)
