"""What is said of formulas that the language does not have, at which column."""

from __future__ import annotations

import re

import numpy as np
import pytest

from grader.exercise.formula import (
    FUNCTIONS,
    FormulaError,
    parse,
)
from grader.exercise.formula.spellings import SPELLINGS

_MODULE = "is not known here: functions have no module before them"
_METHOD = "is not known here: functions are not methods of arrays"
_JOIN = "To join arrays write stack((a, b), axis=0); to pick entries, take(x, (0, 2), axis=0)."
_ALONE = "Functions stand alone: f(x, axis=0), not x.f(). "
_REFUSED = [
    ("", "the formula is empty", "Write an expression, such as W @ x + b."),
    ("tanhh(x)", "there is no function `tanhh`", "Did you mean tanh?"),
    ("mena(x)", "there is no function `mena`", "Did you mean mean?"),
    ("pinv(A)", "there is no function `pinv`", "It is not in this language; docs/formulas.md lists what is."),
    ("np.sort(x)", "`np.sort` " + _MODULE, _ALONE + "It is not in this language; docs/formulas.md lists what is."),
    ("topk(x, 2)", "there is no function `topk`", "It is not in this language; docs/formulas.md lists what is."),
    ("average(x, weights=w)", "there is no function `average`", "average(x) is mean(x)."),
    ("x.mT", "`.mT` is not known here", "Write x.T; of a stack of matrices swapaxes(x, -1, -2)."),
    ("x.repeat(2, 1)", "`.repeat(...)` " + _METHOD, "Write repeat(x, 2, 1); in torch's sense tile(x, (2, 1))."),
    (
        "x.max(dim=1)[0]",
        "`.max(...)` " + _METHOD,
        "Write max(x, axis=1). It gives the values alone, so no [0] or .values follows.",
    ),
    (
        "F.pad(x, (1, 1))",
        "`F.pad` " + _MODULE,
        _ALONE + "pad has a pair for each axis from the first: pad(x, ((0, 0), (1, 1))); torch lists them from the last.",
    ),
    ("x.expand(3, -1)", "`.expand(...)` " + _METHOD, _ALONE + "Did you mean broadcast_to(x, shape)?"),
    ("nn.Linear(3, 4)(x)", "only a function, by its name, can be called", "To multiply, write * between the factors."),
    (
        "randn(3)",
        "there is no function `randn`",
        "Make it an input with a draw, as `x: n ~ uniform(0, 1)`: formulas draw no random numbers.",
    ),
    ("x[:, np.newaxis]", "`np.newaxis` is not known here", "Write None in the index: x[:, None]."),
    (
        "norm(x, ord=np.inf)",
        "`np.inf` is not known here",
        "Formulas are finite throughout; the norm of order infinity is max(abs(x)).",
    ),
    ("sigma(x)", "there is no function `sigma`", "Did you mean sigmoid(x)?"),
    ("sgm(x)", "there is no function `sgm`", "To multiply, write sgm * (...); docs/formulas.md lists the functions."),
    ("W(x + b)", "there is no function `W`", "To multiply, write W * (...); docs/formulas.md lists the functions."),
    ("x.norm2()", "`.norm2(...)` " + _METHOD, _ALONE + "Did you mean norm?"),
    ("x.shape", "`.shape` is not known here", "Only .T follows a dot; sizes of axes are their names."),
    ("x.__class__", "`.__class__` is not known here", "Only .T follows a dot; sizes of axes are their names."),
    ("sum(x, size=0)", "sum has no keyword `size`", "It is sum(x, axis=None, keepdims=False)."),
    ("einsum('i', x, optimize=True)", "einsum has no keyword `optimize`", "It is einsum(subscripts, *operands)."),
    ("sum(x, 0, True, 1)", "sum takes at most 3 arguments", "It is sum(x, axis=None, keepdims=False)."),
    ("sum(x, 0, n)", "an option of sum is not what it takes", "It is sum(x, axis=None, keepdims=False)."),
    ("sum(x, 0, axis=1)", "sum is given `axis` twice", "It is sum(x, axis=None, keepdims=False)."),
    ("sum(axis=1)", "sum needs `x`", "It is sum(x, axis=None, keepdims=False)."),
    ("squeeze(x)", "squeeze needs `axis`", "It is squeeze(x, axis)."),
    ("outer(*x)", "a formula has no `*` before an argument", "Write the arguments out."),
    ("outer(**x)", "a formula has no `*` before an argument", "Write the arguments out."),
    ("lambda z: z", "a formula has no lambda", "Write the expression itself: the line has a name already."),
    ("f'{x}'", "a formula has no f-string", "Texts are only the subscripts of einsum and the like; write them out."),
    ("[a for a in x]", "a formula has no comprehension", "Write it for whole arrays, by broadcasting or einsum."),
    ("sum(a for a in x)", "a formula has no comprehension", "Write it for whole arrays, by broadcasting or einsum."),
    ("(z := x)", "`:=` names nothing inside a formula", "Give that part a line of its own in `forward`."),
    ("{1: x}", "a formula has no dict or set", ""),
    ("x is y", "`is` and `in` are not known here", "Comparisons are < <= > >= == !=."),
    ("x << 2", "this operator is not known here", "There are + - * / // % ** @ and comparisons."),
    ("[x, y]", "a list is given where an array is needed", _JOIN),
    ("(x, y)", "a tuple is given where an array is needed", _JOIN),
    ("x[[0, 1]]", "a list is given where an array is needed", _JOIN),
    ("x[()]", "this index is empty", "Write x[i] or x[1:3]."),
    ("True", "True is given where an array is needed", "True, False, None and texts are only options of functions."),
    ("x + 'a'", "'a' is given where an array is needed", "True, False, None and texts are only options of functions."),
    ("2j * x", "2j is given where an array is needed", "True, False, None and texts are only options of functions."),
    ("x = y", "there is a `=` inside the formula", "The name of a line comes before the colon; to compare, write ==."),
    ("x'", "a quote opens a text that does not end", "For a transpose write x.T; a derivative needs a name."),
    ("2x", "a number runs into a name", "To multiply, write * between them: 2 * x."),
    ("W x", "this is not a formula: invalid syntax", "Between two factors write * (entry by entry) or @ (matrix product)."),
    ("(x", "this is not a formula: '(' was never closed", ""),
    ("lambda * x", "`lambda` is a word of Python and cannot be a name", "Call it lam or lambda_."),
    ("x²", "the character ² is not known in a formula", "Write ** 2 instead."),
    ("W · x", "the character · is not known in a formula", "Write * instead."),
    ("1 − x", "the character − is not known in a formula", "Write - instead."),
    ("Wᵀ @ x", "the character ᵀ is not known in a formula", "Write .T instead."),
    ("x # scaled", "`#` starts no comment inside a formula", "Put the comment on a line of its own."),
    ("\\tanh(x)", "the character '\\\\' is not known in a formula", "Leave it out."),
    ("x\0", "the character '\\x00' is not known in a formula", "Leave it out."),
    ("x\ud800", "the character '\\ud800' is not known in a formula", "Leave it out."),
    ("1 / 0", "1 / 0 divides by zero", ""),
    ("(-8) ** (1 / 3)", "-8 ** 0.3333333333333333 is not a real number", ""),
    ("1e999", "this number is too large", "Integers go up to 2**53, floats to 1.0e308."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "what", "remedy"), _REFUSED, ids=[repr(text) for text, _, _ in _REFUSED])
def test_what_the_language_does_not_have_is_refused(text: str, what: str, remedy: str) -> None:
    """Each kind of refusal says what is wrong and what to do, in these words."""
    with pytest.raises(FormulaError) as caught:
        parse(text)
    assert (what, remedy) == (caught.value.what, caught.value.remedy)


_NUMPYS = sorted(
    name
    for module in (np, np.linalg)
    for name in dir(module)
    if callable(getattr(module, name)) and name.isidentifier() and name.islower() and name not in FUNCTIONS
)


@pytest.mark.parametrize("name", _NUMPYS)
def test_a_function_of_numpys_is_no_misspelling(name: str) -> None:
    """`sort` is not `sqrt` with a slip: a name that NumPy has is never told as another function's."""
    with pytest.raises(FormulaError) as caught:
        parse(f"{name}(x)")
    meant = re.match(r"Did you mean (\w+)\(", caught.value.remedy)
    assert meant is None or SPELLINGS[name] == meant[1]
    assert " or " not in caught.value.remedy.partition("?")[0]


@pytest.mark.parametrize(
    ("text", "column"), [("x + ^y", 5), ("x + np.exp(y)", 5), ("  δ + x.sum()", 7), ("x + y²", 6), ("  W x", 5)]
)
def test_a_refusal_knows_its_column(text: str, column: int) -> None:
    """Columns count characters of the text as written, from 1."""
    with pytest.raises(FormulaError) as caught:
        parse(text)
    assert column == caught.value.column
