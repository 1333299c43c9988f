"""
Other spellings of formulas: names from NumPy, SciPy, PyTorch and mathematics, and how this language writes them.

Tables only. Imported once a formula turns out to be wrong.
"""

from __future__ import annotations

import ast

from grader.exercise.formula.functions import FUNCTIONS

MODULES = frozenset({"torch", "np", "numpy", "F", "nn", "math", "jnp", "jax", "scipy", "special", "linalg", "tf"})

# Names from NumPy, SciPy, PyTorch and mathematics, each with our name for the same function.
SPELLINGS = {
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
LIKELY_SPELLINGS = {"sigma": "sigmoid", "\u03c3": "sigmoid"}  # what it usually, but not always, means

# Functions that the language has no name for, written out in it.
WRITTEN_OUT = (
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
CONSTANTS_ELSEWHERE = {
    "newaxis": "Write None in the index: x[:, None].",
    "nan": "Formulas are finite throughout.",
    **dict.fromkeys(("inf", "infty"), _NO_INFINITY),
}
_DRAWS = "Make it an input with a draw, as `x: n ~ uniform(0, 1)`: formulas draw no random numbers."
_SIZES = "Sizes of axes are their names."
PAD_WIDTHS = "pad has a pair for each axis from the first: pad(x, ((0, 0), (1, 1))); torch lists them from the last."
_STACKS = "It is concatenate(arrays, axis={axis}) of matrices and {vectors} of vectors."
EXPLANATIONS = {
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

# Functions of SciPy, PyTorch and mathematics that the language lacks. NumPy's own are looked up in NumPy.
FUNCTIONS_ELSEWHERE = frozenset({
    "adaptive_avg_pool2d", "attention", "avg_pool1d", "avg_pool3d", "bessel", "block_diag", "conv3d", "conv_transpose1d",
    "conv_transpose3d", "cummax", "cummin", "curl", "digamma", "div_no_nan", "embedding", "erfcinv", "erfinv", "expm", "gamma",
    "gammaln", "glu", "grad", "group_norm", "gumbel_softmax", "hessian", "huber_loss", "index_add", "instance_norm", "jacobian",
    "kl_div", "kthvalue", "laplacian", "lgamma", "logcumsumexp", "logm", "lstm", "lu", "max_pool1d", "max_pool3d",
    "mode", "msort", "multigammaln", "nms", "polygamma", "prelu", "renorm", "rnn", "rrelu", "scatter", "scatter_add",
    "segment_sum", "smooth_l1_loss", "sparsemax", "sqrtm", "swiglu", "topk", "unfold", "vech", "vmap", "zeta",
})  # fmt: skip
NOT_IN_LANGUAGE = "It is not in this language; docs/formulas.md lists what is."

OPERATORS: dict[str, ast.operator] = {
    "add": ast.Add(), "sub": ast.Sub(), "subtract": ast.Sub(), "mul": ast.Mult(), "multiply": ast.Mult(), "div": ast.Div(),
    "divide": ast.Div(), "true_divide": ast.Div(), "pow": ast.Pow(), "float_power": ast.Pow(),
}  # fmt: skip
KEYWORDS = {
    "correction": "ddof", "diagonal": "k", "dim": "axis", "dims": "axis", "keepdim": "keepdims", "max": "a_max", "min": "a_min",
    "num_classes": "classes", "p": "ord", "shifts": "shift", "unbiased": "ddof",
}  # fmt: skip
TAKES_A_TUPLE = frozenset({"reshape", "transpose", "broadcast_to", "tile", "zeros", "ones"})
NO_OPERATION = frozenset({"detach", "clone", "copy", "item", "double", "float", "astype", "to", "numpy", "cpu", "contiguous"})

CHARACTERS = {
    "\u00d7": "*", "\u00b7": "*", "\u22c5": "*", "\u2219": "*", "\u2299": "*", "\u2212": "-", "\u2013": "-", "\u2014": "-",
    "\u00f7": "/", "\u00b2": "** 2", "\u00b3": "** 3", "\u1d40": ".T", "\u22a4": ".T", "\u2032": "a name without it",
    "\u2264": "<=", "\u2265": ">=", "\u2260": "!=", "\u221a": "sqrt(...)", "\u2211": "sum(...)", "\u220f": "prod(...)",
    "\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'", "\u2192": "->", "\u00a0": "a plain space", "\u2016": "norm(...)",
}  # fmt: skip


def our_name(name: str) -> str:
    """Return our name of a function that is known by another one; the name itself if it is not."""
    lower = name.lower()
    return SPELLINGS.get(lower, lower if lower in FUNCTIONS else name)


def is_module(tree: ast.expr) -> bool:
    """Tell whether this is a module as people write it: `torch`, `np.linalg`, `torch.nn.functional`."""
    while isinstance(tree, ast.Attribute):
        tree = tree.value
    return isinstance(tree, ast.Name) and tree.id in MODULES
