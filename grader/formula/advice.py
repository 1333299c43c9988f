"""
What to say about a formula that is not one: which spelling was meant, written out in this language.

Imported only once something is wrong.
"""

from __future__ import annotations

import ast
import difflib
import keyword
import re

from grader.formula.functions import FUNCTIONS
from grader.formula.nodes import FormulaError

_MODULES = frozenset({"torch", "np", "numpy", "F", "nn", "math", "jnp", "jax", "scipy", "special", "linalg", "tf"})

# Names that people know from NumPy, SciPy, PyTorch and mathematics, and ours. Values are names of the registry.
_SPELLINGS = {
    "absolute": "abs", "acos": "arccos", "amax": "max", "amin": "min", "asin": "arcsin", "atan": "arctan", "atan2": "arctan2",
    "avgpool2d": "avg_pool2d", "bmm": "matmul", "cat": "concatenate", "clamp": "clip", "expand": "broadcast_to",
    "expit": "sigmoid", "fabs": "abs", "flatten": "ravel", "identity": "eye", "inverse": "inv", "ln": "log",
    "log_sigmoid": "logsigmoid", "logistic": "sigmoid", "logsoftmax": "log_softmax", "maxpool2d": "max_pool2d", "mm": "matmul",
    "movedim": "moveaxis", "mv": "matmul", "onehot": "one_hot", "permute": "transpose", "pow": "power",
    "repeat_interleave": "repeat", "sgn": "sign", "swapdims": "swapaxes", "swish": "silu", "take_along_dim": "take_along_axis",
    "tr": "trace", "unsqueeze": "expand_dims", "vec": "ravel", "view": "reshape",
}  # fmt: skip
_SIGNS: dict[str, ast.operator] = {
    "add": ast.Add(), "sub": ast.Sub(), "subtract": ast.Sub(), "mul": ast.Mult(), "multiply": ast.Mult(), "div": ast.Div(),
    "divide": ast.Div(), "true_divide": ast.Div(), "pow": ast.Pow(), "float_power": ast.Pow(),
}  # fmt: skip
_KEYWORDS = {
    "correction": "ddof", "dim": "axis", "dims": "axis", "keepdim": "keepdims", "max": "a_max", "min": "a_min",
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
        return _dotted(tree.func), f"Functions stand alone: f(x, axis=0), not x.f(). {_suggest(tree.func.attr)}".strip()
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
    """A sentence with the function that was probably meant, or nothing."""
    meant = _ours(name)
    if meant in FUNCTIONS:
        return f"Did you mean {FUNCTIONS[meant].signature}?"
    close = difflib.get_close_matches(name.lower(), FUNCTIONS, n=2, cutoff=0.7)
    return f"Did you mean {' or '.join(close)}?" if close else ""


def _ours(name: str) -> str:
    lower = name.lower()
    return _SPELLINGS.get(lower, lower if lower in FUNCTIONS else name)


def _written_out(tree: ast.expr) -> str:
    """`Write sum(x, axis=0).`: the part in this language, if putting other spellings right makes it a formula."""
    from grader.formula.parsing import parse

    before = ast.unparse(tree)
    try:
        after = ast.unparse(ast.fix_missing_locations(_Respelling().visit(ast.parse(before, mode="eval").body)))
        if after != before:
            return f"Write {parse(after)}."
    except (FormulaError, SyntaxError, ValueError, RecursionError):
        pass  # more than its spelling is wrong: the general remedy has to do
    return ""


class _Respelling(ast.NodeTransformer):
    """NumPy's, PyTorch's and Python's spellings in ours."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        function, arguments = node.func, list(node.args)
        is_method = isinstance(function, ast.Attribute) and not _is_module(function.value)
        name = function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
        if is_method and isinstance(function, ast.Attribute):
            arguments.insert(0, function.value)
        arguments = [self.visit(argument) for argument in arguments]
        if not name:  # 2(x + 1)
            return ast.BinOp(self.visit(function), ast.Mult(), arguments[0]) if len(arguments) == 1 else node
        if name in _NO_OPERATION and is_method:
            return arguments[0]
        if name == "t" and len(arguments) == 1:
            return ast.Attribute(arguments[0], "T", ast.Load())
        if name in _SIGNS and name not in FUNCTIONS and len(arguments) == 2:
            return ast.BinOp(arguments[0], _SIGNS[name], arguments[1])
        ours = _ours(name)
        if name == "transpose" and len(arguments) == 3:  # torch's; NumPy's (1, 0) means the same
            ours = "swapaxes"
        if ours in _TAKES_A_TUPLE:
            arguments = _with_tuple(ours, arguments)
        keywords = [ast.keyword(_KEYWORDS.get(k.arg or "", k.arg), _option(k)) for k in node.keywords]
        is_torch = ast.unparse(function).startswith("torch.")
        if is_torch and ours in {"var", "std"} and all(k.arg != "ddof" for k in keywords):  # torch divides by N - 1
            keywords.append(ast.keyword("ddof", ast.Constant(1)))
        return ast.Call(ast.Name(ours, ast.Load()), arguments, keywords)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if _is_module(node.value):
            return ast.Name(node.attr, ast.Load())
        return ast.Attribute(self.visit(node.value), "T" if node.attr in {"mT", "H", "mH"} else node.attr, ast.Load())

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


def _option(given: ast.keyword) -> ast.expr:
    """The value of a keyword; `unbiased=False` is ddof=0."""
    if given.arg == "unbiased" and isinstance(given.value, ast.Constant):
        return ast.Constant(int(bool(given.value.value)))
    value: ast.expr = _Respelling().visit(given.value)
    return value


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
