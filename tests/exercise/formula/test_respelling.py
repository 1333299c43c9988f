"""Formulas that are spelled as in NumPy, PyTorch or Python: the remedy writes them in this language."""

from __future__ import annotations

import pytest

from grader.exercise.formula import (
    FormulaError,
    parse,
)

_MODULE = "is not known here: functions have no module before them"
_METHOD = "is not known here: functions are not methods of arrays"
_WRITTEN_OUT = [
    ("torch.tanh(x)", "`torch.tanh` " + _MODULE, "tanh(x)"),
    ("1 + np.exp(-x)", "`np.exp` " + _MODULE, "exp(-x)"),
    ("F.relu(x)", "`F.relu` " + _MODULE, "relu(x)"),
    ("math.sqrt(n)", "`math.sqrt` " + _MODULE, "sqrt(n)"),
    ("np.linalg.inv(A)", "`np.linalg.inv` " + _MODULE, "inv(A)"),
    ("torch.nn.functional.softmax(x, dim=1)", "`torch.nn.functional.softmax` " + _MODULE, "softmax(x, axis=1)"),
    ("torch.cat([a, b], dim=1)", "`torch.cat` " + _MODULE, "concatenate((a, b), axis=1)"),
    ("torch.mm(W, x)", "`torch.mm` " + _MODULE, "matmul(W, x)"),
    ("np.multiply(x, y)", "`np.multiply` " + _MODULE, "x * y"),
    ("scipy.special.expit(x)", "`scipy.special.expit` " + _MODULE, "sigmoid(x)"),
    ("np.pi * x", "`.pi` is not known here", "pi"),
    ("x.sum()", "`.sum(...)` " + _METHOD, "sum(x)"),
    ("x.sum(dim=0)", "`.sum(...)` " + _METHOD, "sum(x, axis=0)"),
    ("x.mean(0, keepdim=True)", "`.mean(...)` " + _METHOD, "mean(x, 0, keepdims=True)"),
    ("x.var(unbiased=False)", "`.var(...)` " + _METHOD, "var(x, ddof=0)"),
    ("(x @ y).t()", "`.t(...)` " + _METHOD, "(x @ y).T"),
    ("x.reshape(n, -1)", "`.reshape(...)` " + _METHOD, "reshape(x, (n, -1))"),
    ("x.view(n, m)", "`.view(...)` " + _METHOD, "reshape(x, (n, m))"),
    ("x.permute(0, 2, 1)", "`.permute(...)` " + _METHOD, "transpose(x, (0, 2, 1))"),
    ("x.unsqueeze(0)", "`.unsqueeze(...)` " + _METHOD, "expand_dims(x, 0)"),
    ("x.pow(2)", "`.pow(...)` " + _METHOD, "x ** 2"),
    ("x.detach().sum()", "`.sum(...)` " + _METHOD, "sum(x)"),
    ("x.transpose(0, 1)", "`.transpose(...)` " + _METHOD, "swapaxes(x, 0, 1)"),
    ("torch.std(x, dim=0)", "`torch.std` " + _MODULE, "std(x, axis=0, ddof=1)"),
    ("torch.clamp(x, min=0)", "`torch.clamp` " + _MODULE, "clip(x, a_min=0)"),
    ("F.one_hot(y, num_classes=C)", "`F.one_hot` " + _MODULE, "one_hot(y, classes=C)"),
    ("torch.linalg.slogdet(A).logabsdet", "`.logabsdet` is not known here", "logdet(A)"),
    ("torch.tril(x, diagonal=1)", "`torch.tril` " + _MODULE, "tril(x, k=1)"),
    ("A.I", "`.I` is not known here", "inv(A)"),
    ("x.max(dim=1).values", "`.values` is not known here", "max(x, axis=1)"),
    ("torch.max(x, y)", "`torch.max` " + _MODULE, "maximum(x, y)"),
    ("x.std(dim=0)", "`.std(...)` " + _METHOD, "std(x, axis=0, ddof=1)"),
    ("x.std(axis=0)", "`.std(...)` " + _METHOD, "std(x, axis=0)"),
    ("x.repeat(2, 1, 1)", "`.repeat(...)` " + _METHOD, "tile(x, (2, 1, 1))"),
    ("nn.Softmax(dim=1)(x)", "only a function, by its name, can be called", "softmax(x, axis=1)"),
    ("log(x, 2)", "log takes at most 1 argument", "log(x) / log(2)"),
    ("logical_and(x > 0, y)", "there is no function `logical_and`", "(x > 0) * (y != 0)"),
    ("vec(A)", "there is no function `vec`", "ravel(A, order='F')"),
    ("F.linear(x, W, b)", "`F.linear` " + _MODULE, "x @ W.T + b"),
    ("torch.gather(x, dim=1, index=y)", "`torch.gather` " + _MODULE, "take_along_axis(x, y, 1)"),
    ("sum(x, dim=0)", "sum has no keyword `dim`", "sum(x, axis=0)"),
    ("sum(x, axis=0, keepdim=True)", "sum has no keyword `keepdim`", "sum(x, axis=0, keepdims=True)"),
    ("reshape(x, n, m)", "an option of reshape is not what it takes", "reshape(x, (n, m))"),
    ("zeros(n, m)", "zeros takes at most 1 argument", "zeros((n, m))"),
    ("transpose(x, 1, 0)", "transpose takes at most 2 arguments", "swapaxes(x, 1, 0)"),
    ("x ^ 2", "`^` is not a power", "x ** 2"),
    ("x > 0 and y > 0", "conditions are arrays of 0 and 1 here", "(x > 0) * (y > 0)"),
    ("x or y", "conditions are arrays of 0 and 1 here", "maximum(x, y)"),
    ("not x", "conditions are arrays of 0 and 1 here", "1 - x"),
    ("(x > 0) & y", "conditions are arrays of 0 and 1 here", "(x > 0) * y"),
    ("x | y", "conditions are arrays of 0 and 1 here", "maximum(x, y)"),
    ("~x", "conditions are arrays of 0 and 1 here", "1 - x"),
    ("x if x > 0 else 0", "`if ... else` cannot choose entry by entry", "where(x > 0, x, 0)"),
    ("0 < x < 1", "a chain of comparisons is ambiguous for arrays", "(0 < x) * (x < 1)"),
    ("2(x + 1)", "only a function, by its name, can be called", "2 * (x + 1)"),
    ("ReLU(x)", "there is no function `ReLU`", "relu(x)"),
    ("ln(x)", "there is no function `ln`", "log(x)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "what", "spelling"), _WRITTEN_OUT, ids=[text for text, _, _ in _WRITTEN_OUT])
def test_another_spelling_is_told_in_ours(text: str, what: str, spelling: str) -> None:
    """What people write in NumPy, PyTorch and Python is refused with the same thing written out, which parses."""
    with pytest.raises(FormulaError) as caught:
        parse(text)
    assert (what, f"Write {spelling}.") == (caught.value.what, caught.value.remedy)
    assert spelling == parse(spelling).canonical
