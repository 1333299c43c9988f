"""
What to say about a formula that is not one: which spelling was meant, written out in this language.

Imported only once something is wrong.
"""

from __future__ import annotations

import ast
import difflib
import keyword
import re
from collections.abc import Mapping
from typing import cast

from grader.exercise.formula.functions import FUNCTIONS
from grader.exercise.formula.nodes import FormulaError

_MODULES = frozenset({"torch", "np", "numpy", "F", "nn", "math", "jnp", "jax", "scipy", "special", "linalg", "tf"})

# Names that people know from NumPy, SciPy, PyTorch and mathematics, and ours. Values are names of the registry.
_SPELLINGS = {
    "absolute": "abs", "acos": "arccos", "amax": "max", "amin": "min", "arctg": "arctan", "asin": "arcsin", "atan": "arctan",
    "atan2": "arctan2", "avgpool2d": "avg_pool2d", "bmm": "matmul", "cat": "concatenate", "clamp": "clip", "diag_embed": "diag",
    "diagflat": "diag", "diagonal": "diag", "expand": "broadcast_to", "expit": "sigmoid", "fabs": "abs", "flatten": "ravel",
    "fmax": "maximum", "fmin": "minimum", "ger": "outer", "identity": "eye", "inverse": "inv", "kronecker": "kron", "lg": "log10",
    "ln": "log", "log_expit": "logsigmoid", "log_sigmoid": "logsigmoid", "logistic": "sigmoid", "logsoftmax": "log_softmax",
    "maxpool2d": "max_pool2d", "mm": "matmul", "movedim": "moveaxis", "mv": "matmul", "onehot": "one_hot",
    "permute": "transpose", "permute_dims": "transpose", "pow": "power", "range": "arange", "repeat_interleave": "repeat",
    "sgn": "sign", "sqr": "square", "swapdims": "swapaxes", "swish": "silu", "take_along_dim": "take_along_axis", "tg": "tan",
    "tr": "trace", "unsqueeze": "expand_dims", "vector_norm": "norm", "view": "reshape",
}  # fmt: skip
_PERHAPS = {"sigma": "sigmoid", "\u03c3": "sigmoid"}  # often, but not always

# What the language has no name for, written out in it.
_WRITTEN_OUT = (
    ("addmm(b, x, y)", "b + x @ y"),
    ("adj(A)", "det(A) * inv(A)"),
    ("adjugate(A)", "det(A) * inv(A)"),
    ("all(x)", "min(x != 0)"),
    ("any(x)", "max(x != 0)"),
    ("arccosh(x)", "log(x + sqrt(x ** 2 - 1))"),
    ("acosh(x)", "log(x + sqrt(x ** 2 - 1))"),
    ("arcsinh(x)", "log(x + sqrt(x ** 2 + 1))"),
    ("asinh(x)", "log(x + sqrt(x ** 2 + 1))"),
    ("arctanh(x)", "(log1p(x) - log1p(-x)) / 2"),
    ("atanh(x)", "(log1p(x) - log1p(-x)) / 2"),
    ("average(x)", "mean(x)"),
    ("binary_cross_entropy(p, y)", "-mean(y * log(p) + (1 - y) * log(1 - p))"),
    ("binary_cross_entropy_with_logits(z, y)", "mean(softplus(z) - y * z)"),
    ("celu(x)", "elu(x)"),
    ("clamp_max(x, bound)", "minimum(x, bound)"),
    ("clamp_min(x, bound)", "maximum(x, bound)"),
    ("cofactor(A)", "det(A) * inv(A).T"),
    ("cosine_similarity(u, v)", "sum(u * v, axis=-1) / (norm(u, axis=-1) * norm(v, axis=-1))"),
    ("cot(x)", "1 / tan(x)"),
    ("count_nonzero(x)", "sum(x != 0)"),
    ("cross_entropy(z, y)", "-mean(take_along_axis(log_softmax(z, axis=1), y[:, None], axis=1))"),
    ("csc(x)", "1 / sin(x)"),
    ("ctg(x)", "1 / tan(x)"),
    ("deg2rad(x)", "x * pi / 180"),
    ("degrees(x)", "x * 180 / pi"),
    ("diff(x)", "x[..., 1:] - x[..., :-1]"),
    ("empty(shape)", "zeros(shape)"),
    ("empty_like(x)", "zeros_like(x)"),
    ("equal(x, y)", "x == y"),
    ("erfc(x)", "1 - erf(x)"),
    ("exp2(x)", "2 ** x"),
    ("fliplr(x)", "flip(x, axis=1)"),
    ("flipud(x)", "flip(x, axis=0)"),
    ("full_like(x, fill_value)", "fill_value * ones_like(x)"),
    ("gather(x, axis, index)", "take_along_axis(x, index, axis)"),
    ("greater(x, y)", "x > y"),
    ("greater_equal(x, y)", "x >= y"),
    ("hadamard(x, y)", "x * y"),
    ("hardsigmoid(x)", "clip(x / 6 + 0.5, 0, 1)"),
    ("hardswish(x)", "x * clip(x / 6 + 0.5, 0, 1)"),
    ("hardtanh(x)", "clip(x, -1, 1)"),
    ("heaviside(x, y)", "where(x == 0, y, x > 0)"),
    ("hypot(x, y)", "sqrt(x ** 2 + y ** 2)"),
    ("index_select(x, axis, index)", "take(x, index, axis)"),
    ("l1_loss(x, y)", "mean(abs(x - y))"),
    ("lerp(x, y, weight)", "x + weight * (y - x)"),
    ("less(x, y)", "x < y"),
    ("less_equal(x, y)", "x <= y"),
    ("linear(x, W)", "x @ W.T"),
    ("linear(x, W, b)", "x @ W.T + b"),
    ("linspace(a, b, n)", "a + (b - a) * arange(n) / (n - 1)"),
    ("log(x, base)", "log(x) / log(base)"),
    ("logaddexp(x, y)", "y + softplus(x - y)"),
    ("logical_and(x, y)", "(x != 0) * (y != 0)"),
    ("logical_not(x)", "x == 0"),
    ("logical_or(x, y)", "maximum(x != 0, y != 0)"),
    ("logical_xor(x, y)", "(x != 0) != (y != 0)"),
    ("logit(p)", "log(p) - log1p(-p)"),
    ("masked_fill(x, condition, value)", "where(condition, value, x)"),
    ("mish(x)", "x * tanh(softplus(x))"),
    ("mse_loss(x, y)", "mean((x - y) ** 2)"),
    ("neg(x)", "-x"),
    ("negative(x)", "-x"),
    ("nll_loss(x, y)", "-mean(take_along_axis(x, y[:, None], axis=1))"),
    ("not_equal(x, y)", "x != y"),
    ("positive(x)", "x"),
    ("ptp(x)", "max(x) - min(x)"),
    ("rad2deg(x)", "x * 180 / pi"),
    ("radians(x)", "x * pi / 180"),
    ("relu6(x)", "clip(x, 0, 6)"),
    ("rsqrt(x)", "1 / sqrt(x)"),
    ("sec(x)", "1 / cos(x)"),
    ("selu(x)", "1.0507009873554805 * elu(x, 1.6732632423543772)"),
    ("sinc(x)", "sin(pi * x) / (pi * x)"),
    ("softsign(x)", "x / (1 + abs(x))"),
    ("tanhshrink(x)", "x - tanh(x)"),
    ("vdot(u, v)", "sum(u * v)"),
    ("vec(A)", "ravel(A, order='F')"),
    ("vecdot(u, v)", "sum(u * v, axis=-1)"),
    ("xlogy(x, y)", "x * log(y)"),
)

_NO_INFINITY = "Formulas are finite throughout; the norm of order infinity is max(abs(x))."
_NUMPYS_CONSTANTS = {
    "newaxis": "Write None in the index: x[:, None].",
    "nan": "Formulas are finite throughout.",
    **dict.fromkeys(("inf", "infty"), _NO_INFINITY),
}
_DRAWS = "A formula draws nothing: make it an input, and say its law under draws."
_SIZES = "Sizes of axes are their names."
_WIDTHS = "pad has a pair for each axis from the first: pad(x, ((0, 0), (1, 1))); torch lists them from the last."
_STACKS = "It is concatenate(arrays, axis={axis}) of matrices and {vectors} of vectors."
_SAID = {
    **dict.fromkeys(("block", "hstack"), _STACKS.format(axis=1, vectors="concatenate(arrays, axis=0)")),
    **dict.fromkeys(("vstack", "row_stack"), _STACKS.format(axis=0, vectors="stack(arrays, axis=0)")),
    "append": "It is concatenate((x, y), axis=0) of vectors.",
    "column_stack": _STACKS.format(axis=1, vectors="stack(arrays, axis=1)"),
    **dict.fromkeys(("array", "asarray", "as_tensor", "tensor"), "Write stack((a, b), axis=0); a number stands as it is."),
    **dict.fromkeys(("dropout", "normal", "rand", "randint", "randn", "uniform", "bernoulli"), _DRAWS),
    **dict.fromkeys(("len", "ndim", "numel", "shape", "size"), _SIZES),
    **dict.fromkeys(("layer_norm", "batch_norm", "layernorm", "batchnorm"),
                    "Write it out: (x - mean(x, axis=0)) / sqrt(var(x, axis=0) + 1.0e-5), along your axis."),
    "normalize": "Write x / norm(x), or along an axis x / norm(x, axis=1, keepdims=True).",
    "matrix_power": "Write the product out: A @ A.",
    "multi_dot": "Write the product out: A @ B @ C.",
    "slogdet": "It is logdet(x), the logarithm of the absolute value alone.",
    "tensordot": "Write einsum('ij,jk->ik', A, B), with a letter for each axis.",
}  # fmt: skip

# Functions of SciPy, PyTorch and mathematics that are not in this language; of NumPy all names are known.
_ELSEWHERE = frozenset({
    "adaptive_avg_pool2d", "attention", "avg_pool1d", "avg_pool3d", "bessel", "block_diag", "conv3d", "conv_transpose1d",
    "conv_transpose3d", "cummax", "cummin", "curl", "digamma", "div_no_nan", "embedding", "erfcinv", "erfinv", "expm", "gamma",
    "gammaln", "glu", "grad", "group_norm", "gumbel_softmax", "hessian", "huber_loss", "index_add", "instance_norm", "jacobian",
    "kl_div", "kthvalue", "laplacian", "lgamma", "logcumsumexp", "logm", "lstm", "lu", "max_pool1d", "max_pool3d",
    "mode", "msort", "multigammaln", "nms", "polygamma", "prelu", "renorm", "rnn", "rrelu", "scatter", "scatter_add",
    "segment_sum", "smooth_l1_loss", "sparsemax", "sqrtm", "swiglu", "topk", "unfold", "vech", "vmap", "zeta",
})  # fmt: skip
_NOT_HERE = "It is not in this language; docs/formulas.md lists what is."

_SIGNS: dict[str, ast.operator] = {
    "add": ast.Add(), "sub": ast.Sub(), "subtract": ast.Sub(), "mul": ast.Mult(), "multiply": ast.Mult(), "div": ast.Div(),
    "divide": ast.Div(), "true_divide": ast.Div(), "pow": ast.Pow(), "float_power": ast.Pow(),
}  # fmt: skip
_KEYWORDS = {
    "correction": "ddof", "diagonal": "k", "dim": "axis", "dims": "axis", "keepdim": "keepdims", "max": "a_max", "min": "a_min",
    "num_classes": "classes", "p": "ord", "shifts": "shift", "unbiased": "ddof",
}  # fmt: skip
_TAKES_A_TUPLE = frozenset({"reshape", "transpose", "broadcast_to", "tile", "zeros", "ones"})
_NO_OPERATION = frozenset({"detach", "clone", "copy", "item", "double", "float", "astype", "to", "numpy", "cpu", "contiguous"})

_CHARACTERS = {
    "\u00d7": "*", "\u00b7": "*", "\u22c5": "*", "\u2219": "*", "\u2299": "*", "\u2212": "-", "\u2013": "-", "\u2014": "-",
    "\u00f7": "/", "\u00b2": "** 2", "\u00b3": "** 3", "\u1d40": ".T", "\u22a4": ".T", "\u2032": "a name without it",
    "\u2264": "<=", "\u2265": ">=", "\u2260": "!=", "\u221a": "sqrt(...)", "\u2211": "sum(...)", "\u220f": "prod(...)",
    "\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'", "\u2192": "->", "\u00a0": "a plain space", "\u2016": "norm(...)",
}  # fmt: skip

_OPERATORS = frozenset({"and", "or", "not", "if", "else", "in", "is", "for", "True", "False", "None"})
_ASSIGNS = re.compile(r"(?<![=<>!])=(?!=)")
_JOIN = "To join arrays write stack((a, b), axis=0); to pick entries, take(x, (0, 2), axis=0)."
_FORMS = {
    ast.Lambda: ("a formula has no lambda", "Write the expression itself: the line has a name already."),
    ast.JoinedStr: ("a formula has no f-string", "Texts are only the subscripts of einsum and the like; write them out."),
    ast.ListComp: ("a formula has no comprehension", "Write it for whole arrays, by broadcasting or einsum."),
    ast.SetComp: ("a formula has no comprehension", "Write it for whole arrays, by broadcasting or einsum."),
    ast.DictComp: ("a formula has no comprehension", "Write it for whole arrays, by broadcasting or einsum."),
    ast.GeneratorExp: ("a formula has no comprehension", "Write it for whole arrays, by broadcasting or einsum."),
    ast.NamedExpr: ("`:=` names nothing inside a formula", "Give that part a line of its own in `forward`."),
    ast.Dict: ("a formula has no dict or set", ""),
    ast.Set: ("a formula has no dict or set", ""),
    ast.Starred: ("a formula has no `*` before an argument", "Write the arguments out."),
    ast.Tuple: ("a tuple stands where an array is needed", _JOIN),
    ast.List: ("a list stands where an array is needed", _JOIN),
    ast.Slice: ("a slice stands outside an index", "Write x[1:3]."),
}


def refusal(tree: ast.expr) -> tuple[str, str]:
    """What is wrong with this part of Python's tree, and the remedy."""
    match tree:
        case ast.Call():
            what, remedy = _call(tree)
        case ast.Attribute() if _is_module(tree.value) and tree.attr.lower() in _NUMPYS_CONSTANTS:
            return f"`{ast.unparse(tree)}` is not known here", _NUMPYS_CONSTANTS[tree.attr.lower()]
        case ast.Attribute():
            what, remedy = f"`.{tree.attr}` is not known here", "Only .T follows a dot; sizes of axes are their names."
        case ast.BinOp(op=ast.BitXor()):
            what, remedy = "`^` is not a power", "Write **."
        case ast.BinOp(op=ast.BitAnd() | ast.BitOr()) | ast.BoolOp() | ast.UnaryOp(op=ast.Not() | ast.Invert()):
            what, remedy = "conditions are arrays of 0 and 1 here", "For and, or, not write a * b, maximum(a, b), 1 - a."
        case ast.BinOp() | ast.UnaryOp():
            what, remedy = "this operator is not known here", "There are + - * / // % ** @ and comparisons."
        case ast.Compare(ops=[_]):
            what, remedy = "`is` and `in` are not known here", "Comparisons are < <= > >= == !=."
        case ast.Compare():
            what, remedy = "a chain of comparisons is ambiguous for arrays", "Join two comparisons by *."
        case ast.IfExp():
            what, remedy = "`if ... else` cannot choose entry by entry", "Write where(condition, x, y)."
        case ast.Constant():
            what = f"{ast.unparse(tree)} stands where an array is needed"
            remedy = "True, False, None and texts are only options of functions."
        case ast.Subscript():
            what, remedy = "this index is empty", "Write x[i] or x[1:3]."
        case _:
            what, remedy = _FORMS.get(type(tree), ("this is not known in a formula", ""))
    return what, _written_out(tree) or remedy


def _call(tree: ast.Call) -> tuple[str, str]:
    if any(isinstance(argument, ast.Starred) for argument in tree.args) or any(k.arg is None for k in tree.keywords):
        return "a formula has no `*` before an argument", "Write the arguments out."
    if isinstance(tree.func, ast.Attribute):
        remedy = _suggest(tree.func.attr) if tree.func.attr != "pad" else _WIDTHS
        return _dotted(tree.func), f"Functions stand alone: f(x, axis=0), not x.f(). {remedy}".strip()
    if not isinstance(tree.func, ast.Name):
        return "only a function, by its name, can be called", "To multiply, write * between the factors."
    name = tree.func.id
    function = FUNCTIONS.get(name)
    if function is None:
        to_multiply = f"To multiply, write {name} * (...); docs/formulas.md lists the functions."
        return f"there is no function `{name}`", _suggest(name) or to_multiply
    known = [parameter.name for parameter in function.parameters]
    for keyword_ in tree.keywords:
        if keyword_.arg not in known or function.is_variadic:
            return f"{name} has no keyword `{keyword_.arg}`", f"It is {function.signature}."
    if len(tree.args) > len(known):
        return f"{name} takes at most {len(known)} argument{'s' * (len(known) != 1)}", f"It is {function.signature}."
    return f"an option of {name} is not what it takes", f"It is {function.signature}."


def _dotted(function: ast.Attribute) -> str:
    if _is_module(function.value):
        return f"`{ast.unparse(function)}` is not known here: functions have no module before them"
    return f"`.{function.attr}(...)` is not known here: functions are not methods of arrays"


def _is_module(tree: ast.expr) -> bool:
    """Whether this is `torch`, `np.linalg`, `torch.nn.functional` ..."""
    while isinstance(tree, ast.Attribute):
        tree = tree.value
    return isinstance(tree, ast.Name) and tree.id in _MODULES


def _suggest(name: str) -> str:
    """A sentence with the function that was probably meant, or what to do without it; nothing if it is anybody's guess."""
    meant = _PERHAPS.get(name, _ours(name))
    if meant in FUNCTIONS:
        return f"Did you mean {FUNCTIONS[meant].signature}?"
    lower = name.lower()
    if lower in _SAID:
        return _SAID[lower]
    if templates := [(called, out) for called, out in _WRITTEN_OUT if called.startswith(f"{lower}(")]:
        return " ".join(f"{called} is {out}." for called, out in templates)
    if lower in _ELSEWHERE or _is_numpys(name):
        return _NOT_HERE
    close = difflib.get_close_matches(lower, FUNCTIONS, n=2, cutoff=0.8)
    close = close or [other for other in FUNCTIONS if len(name) > 2 and sorted(other) == sorted(lower)]
    return f"Did you mean {' or '.join(close)}?" if close else ""


def _is_numpys(name: str) -> bool:
    """Whether NumPy has a function of this name: then it is no misspelling of one of ours."""
    import numpy as np

    return any(name in dir(module) for module in (np, np.linalg, np.fft, np.random))


def _ours(name: str) -> str:
    lower = name.lower()
    return _SPELLINGS.get(lower, lower if lower in FUNCTIONS else name)


def _written_out(tree: ast.expr) -> str:
    """`Write sum(x, axis=0).`: the part in this language, if putting other spellings right makes it a formula."""
    from grader.exercise.formula.parsing import parse

    before = ast.unparse(tree)

    def respelled(respelling: _Respelling) -> str:
        return ast.unparse(ast.fix_missing_locations(respelling.visit(ast.parse(before, mode="eval").body)))

    try:
        respelling = _Respelling()
        after = respelled(respelling)
        if after == before:
            return ""
        if respelling.other:
            other = respelled(_Respelling(is_other=True))
            return f"Write {parse(after)}; {respelling.other.format(parse(other))}."
        return f"Write {parse(after)}.{respelling.note}"
    except (FormulaError, SyntaxError, ValueError, RecursionError):
        return ""  # more than its spelling is wrong: the general remedy has to do


_OF_A_STACK = "of a stack of matrices {}"
_AS_TORCH = "in torch's sense {}"
_VALUES_ALONE = " It gives the values alone, so no [0] or .values follows."


class _Respelling(ast.NodeTransformer):
    """
    NumPy's, PyTorch's and Python's spellings in ours.

    `other` says when a second reading holds; `is_other` writes that one. `note` is a sentence to add.
    """

    def __init__(self, *, is_other: bool = False) -> None:
        self.is_other = is_other
        self.other = ""
        self.note = ""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        function, arguments, given = node.func, list(node.args), list(node.keywords)
        if isinstance(function, ast.Call) and isinstance(function.func, ast.Attribute):
            if function.args:
                raise FormulaError("what nn.Linear(3, 4) and its kin hold is not written here")
            given = [*function.keywords, *given]  # nn.Softmax(dim=1)(x)
            function = function.func
        is_method = isinstance(function, ast.Attribute) and not _is_module(function.value)
        name = function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
        if is_method and isinstance(function, ast.Attribute):
            arguments.insert(0, function.value)
        arguments = [self.visit(argument) for argument in arguments]
        keywords = [ast.keyword(_KEYWORDS.get(k.arg or "", k.arg), self.option(k)) for k in given]
        if not name:  # 2(x + 1)
            return ast.BinOp(self.visit(function), ast.Mult(), arguments[0]) if len(arguments) == 1 else node
        if name in _NO_OPERATION and is_method:
            return arguments[0]
        if name in {"t", "adjoint"} and len(arguments) == 1:
            return self.transposed(arguments[0], of_a_stack=name == "adjoint")
        if name in _SIGNS and name not in FUNCTIONS and len(arguments) == 2:
            return ast.BinOp(arguments[0], _SIGNS[name], arguments[1])
        if (written := _from_template(name, arguments, keywords)) is not None:
            return written
        is_torch = ast.unparse(function).startswith("torch.") or any(k.arg in {"dim", "keepdim"} for k in given)
        ours = self.meant(name, arguments, is_method=is_method)
        if ours in _TAKES_A_TUPLE:
            arguments = _with_tuple(ours, arguments)
        if ours in {"max", "min"} and is_torch and (len(arguments) > 1 or any(k.arg == "dim" for k in given)):
            self.note = _VALUES_ALONE
        if is_torch and ours in {"var", "std"} and all(k.arg != "ddof" for k in keywords):  # torch divides by N - 1
            keywords.append(ast.keyword("ddof", ast.Constant(1)))
        if name == "pad" and ast.unparse(function) != "pad" and not ast.unparse(function).startswith(("np.", "numpy.", "jnp.")):
            raise FormulaError("torch counts the widths of pad from the last axis")
        if ours == "broadcast_to" and any(isinstance(part, ast.UnaryOp) for part in ast.walk(arguments[-1])):
            raise FormulaError("-1 says no size here")
        return ast.Call(ast.Name(ours, ast.Load()), arguments, keywords)

    def meant(self, name: str, arguments: list[ast.expr], *, is_method: bool) -> str:
        """Our name of a function that is called with these arguments."""
        if name == "transpose" and len(arguments) == 3:  # torch's; NumPy's (1, 0) means the same
            return "swapaxes"
        if name in {"max", "min"} and len(arguments) == 2 and not _is_an_axis(arguments[1]):
            return f"{name}imum"  # torch.max(x, y)
        if name == "repeat" and is_method and len(arguments) > 2:
            self.other = _AS_TORCH if len(arguments) == 3 else ""  # NumPy's has at most two: repeats and axis
            if self.is_other or len(arguments) > 3:
                arguments[1:] = [ast.Tuple(arguments[1:], ast.Load())]
                return "tile"
        return _ours(name)

    def transposed(self, operand: ast.expr, *, of_a_stack: bool) -> ast.expr:
        """`x.T`, or for a stack of matrices the last two axes exchanged."""
        if of_a_stack:
            self.other = _OF_A_STACK
            if self.is_other:
                last = [ast.UnaryOp(ast.USub(), ast.Constant(number)) for number in (1, 2)]
                return _call_of("swapaxes", operand, *last)
        return ast.Attribute(operand, "T", ast.Load())

    def option(self, given: ast.keyword) -> ast.expr:
        """The value of a keyword; `unbiased=False` is ddof=0."""
        if given.arg == "unbiased" and isinstance(given.value, ast.Constant):
            return ast.Constant(int(bool(given.value.value)))
        value: ast.expr = self.visit(given.value)
        return value

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if _is_module(node.value):
            return ast.Name(node.attr, ast.Load())
        operand = self.visit(node.value)
        if node.attr == "logabsdet" and isinstance(operand, ast.Call):
            return _call_of("logdet", *operand.args)
        if node.attr in {"mT", "mH", "H"}:
            return self.transposed(operand, of_a_stack=node.attr != "H")
        if node.attr == "I":
            return _call_of("inv", operand)
        if node.attr in {"values", "data"}:
            self.note = ""
            result: ast.expr = operand
            return result
        return ast.Attribute(operand, node.attr, ast.Load())

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left, right = self.visit(node.left), self.visit(node.right)
        if isinstance(node.op, ast.BitOr):
            return _call_of("maximum", left, right)
        sign = ast.Pow() if isinstance(node.op, ast.BitXor) else ast.Mult() if isinstance(node.op, ast.BitAnd) else node.op
        return ast.BinOp(left, sign, right)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        result: ast.expr = self.visit(node.values[0])
        for value in node.values[1:]:
            other = self.visit(value)
            result = ast.BinOp(result, ast.Mult(), other) if isinstance(node.op, ast.And) else _call_of("maximum", result, other)
        return result

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        operand = self.visit(node.operand)
        if isinstance(node.op, ast.Not | ast.Invert):
            return ast.BinOp(ast.Constant(1), ast.Sub(), operand)
        result: ast.expr = ast.UnaryOp(node.op, operand)
        return result

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        return _call_of("where", self.visit(node.test), self.visit(node.body), self.visit(node.orelse))

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        sides = [self.visit(side) for side in (node.left, *node.comparators)]
        first, *others = [ast.Compare(a, [op], [b]) for a, op, b in zip(sides, node.ops, sides[1:], strict=False)]
        result: ast.expr = first
        for other in others:
            result = ast.BinOp(result, ast.Mult(), other)
        return result


def _is_an_axis(tree: ast.expr) -> bool:
    """Whether this may stand for axes: 1, -1, None, (0, 1)."""
    if isinstance(tree, ast.Tuple):
        return all(map(_is_an_axis, tree.elts))
    if isinstance(tree, ast.UnaryOp):
        return _is_an_axis(tree.operand)
    return isinstance(tree, ast.Constant) and (tree.value is None or type(tree.value) is int)


def _from_template(name: str, arguments: list[ast.expr], keywords: list[ast.keyword]) -> ast.expr | None:
    """A call of a function that this language has no name for, written out; None if it is none or has other arguments."""
    for called, out in _WRITTEN_OUT:
        if not called.startswith(f"{name.lower()}("):
            continue
        names = called.removesuffix(")").partition("(")[2].split(", ")
        given = dict(zip(names, arguments, strict=False)) | {k.arg or "": k.value for k in keywords}
        if len(arguments) + len(keywords) == len(names) and given.keys() == set(names):
            return cast(ast.expr, _Filling(given).visit(ast.parse(out, mode="eval").body))
    return None


class _Filling(ast.NodeTransformer):
    """A template with its parameters replaced."""

    def __init__(self, given: Mapping[str, ast.expr]) -> None:
        self.given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.given.get(node.id, node)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        left = self.given.get(node.left.id) if isinstance(node.left, ast.Name) else None
        if isinstance(left, ast.Compare) and ast.unparse(node).endswith("!= 0"):
            return left  # a comparison is 0 or 1 already
        result: ast.expr = self.generic_visit(node)  # type: ignore[assignment]
        return result


def _call_of(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def _with_tuple(name: str, arguments: list[ast.expr]) -> list[ast.expr]:
    """`reshape(x, n, m)` as `reshape(x, (n, m))`."""
    kept = 0 if name in {"zeros", "ones"} else 1
    if len(arguments) > kept + 1:
        return [*arguments[:kept], ast.Tuple(arguments[kept:], ast.Load())]
    return arguments


def syntax_error(source: str, error: SyntaxError, indent: int) -> FormulaError:
    """What Python could not read, in the words of formulas."""
    column = indent + max(error.offset or 1, 1)
    words = (word for word in re.findall(r"[^\W\d]\w*", source) if keyword.iskeyword(word) and word not in _OPERATORS)
    if word := next(words, None):
        return FormulaError(f"`{word}` is a word of Python and cannot be a name", f"Call it {word[:3]} or {word}_.", column)
    if any(source.count("(", 0, sign.start()) == source.count(")", 0, sign.start()) for sign in _ASSIGNS.finditer(source)):
        return FormulaError(
            "`=` stands inside the formula", "The name of a line stands before the colon; to compare, write ==.", column
        )
    if re.search(r"(?<![\w.])\d+(\.\d+)?[^\W\d]", source) and "decimal literal" in error.msg:
        return FormulaError("a number runs into a name", "To multiply, write * between them: 2 * x.", column)
    if "'" in source and "unterminated" in error.msg:
        return FormulaError(
            "a quote opens a text that does not end", "For a transpose write x.T; a derivative needs a name.", column
        )
    if "->" in source and not re.search("['\"]", source):
        return FormulaError("the subscripts of einsum stand there without quotes", "Write einsum('ij,j->i', W, x).", column)
    remedy = "Between two factors write * (entry by entry) or @ (matrix product)." if "invalid syntax" in error.msg else ""
    return FormulaError(f"this is not a formula: {error.msg}", remedy, column)


def odd_character(source: str, odd: str | None, indent: int) -> FormulaError | None:
    """What is wrong with a character that no formula has; None when all are fine (names may be Greek)."""
    for place, character in enumerate(source, indent + 1):
        if (meant := _CHARACTERS.get(character)) is not None:
            return FormulaError(f"the character {character} is not known in a formula", f"Write {meant} instead.", place)
    if odd == "#":
        return FormulaError(
            "`#` starts no comment inside a formula", "Put the comment on a line of its own.", indent + source.index(odd) + 1
        )
    if odd is not None:
        return FormulaError(f"the character {odd!r} is not known in a formula", "Leave it out.", indent + source.index(odd) + 1)
    return None
