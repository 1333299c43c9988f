"""
Rewrite a formula that is spelled as in NumPy, PyTorch or Python in this language.

The result is only advice for the author; it is parsed to make sure that it is a formula.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import cast

from grader.exercise.formula.functions import FUNCTIONS
from grader.exercise.formula.nodes import FormulaError
from grader.exercise.formula.spellings import KEYWORDS, NO_OPERATION, OPERATORS, TAKES_A_TUPLE, WRITTEN_OUT, is_module, our_name
from grader.exercise.formula.syntax import read_formula

_OF_A_STACK = "of a stack of matrices {}"
_AS_TORCH = "in torch's sense {}"
_VALUES_ALONE = " It gives the values alone, so no [0] or .values follows."


def written_out(tree: ast.expr) -> str:
    """Return advice such as `Write sum(x, axis=0).`; nothing if the part is wrong in more than its spelling."""
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
            return f"Write {read_formula(after)}; {respelling.other.format(read_formula(other))}."
        return f"Write {read_formula(after)}.{respelling.note}"
    except (FormulaError, SyntaxError, ValueError, RecursionError):
        return ""  # the general remedy has to do


class _Respelling(ast.NodeTransformer):
    """
    Rewrite spellings of NumPy, PyTorch and Python in ours.

    `other` is set if a second reading is possible, and says when it holds; `is_other` writes that one.
    `note` is a sentence to add.
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
        is_method = isinstance(function, ast.Attribute) and not is_module(function.value)
        name = function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
        if is_method and isinstance(function, ast.Attribute):
            arguments.insert(0, function.value)
        arguments = [self.visit(argument) for argument in arguments]
        keywords = [ast.keyword(KEYWORDS.get(k.arg or "", k.arg), self.option(k)) for k in given]
        if not name:  # 2(x + 1)
            return ast.BinOp(self.visit(function), ast.Mult(), arguments[0]) if len(arguments) == 1 else node
        if name in NO_OPERATION and is_method:
            return arguments[0]
        if name in {"t", "adjoint"} and len(arguments) == 1:
            return self.transposed(arguments[0], of_a_stack=name == "adjoint")
        if name in OPERATORS and name not in FUNCTIONS and len(arguments) == 2:
            return ast.BinOp(arguments[0], OPERATORS[name], arguments[1])
        if (written := _from_template(name, arguments, keywords)) is not None:
            return written
        is_torch = ast.unparse(function).startswith("torch.") or any(k.arg in {"dim", "keepdim"} for k in given)
        ours = self.meant(name, arguments, is_method=is_method)
        if ours in TAKES_A_TUPLE:
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
        """Return our name of a function that is called with these arguments."""
        if name == "transpose" and len(arguments) == 3:  # torch's; NumPy's (1, 0) means the same
            return "swapaxes"
        if name in {"max", "min"} and len(arguments) == 2 and not _is_an_axis(arguments[1]):
            return f"{name}imum"  # torch.max(x, y)
        if name == "repeat" and is_method and len(arguments) > 2:
            self.other = _AS_TORCH if len(arguments) == 3 else ""  # NumPy's has at most two: repeats and axis
            if self.is_other or len(arguments) > 3:
                arguments[1:] = [ast.Tuple(arguments[1:], ast.Load())]
                return "tile"
        return our_name(name)

    def transposed(self, operand: ast.expr, *, of_a_stack: bool) -> ast.expr:
        """Write `x.T`, or for a stack of matrices exchange the last two axes."""
        if of_a_stack:
            self.other = _OF_A_STACK
            if self.is_other:
                last = [ast.UnaryOp(ast.USub(), ast.Constant(number)) for number in (1, 2)]
                return _call_of("swapaxes", operand, *last)
        return ast.Attribute(operand, "T", ast.Load())

    def option(self, given: ast.keyword) -> ast.expr:
        """Rewrite the value of a keyword; `unbiased=False` is ddof=0."""
        if given.arg == "unbiased" and isinstance(given.value, ast.Constant):
            return ast.Constant(int(bool(given.value.value)))
        value: ast.expr = self.visit(given.value)
        return value

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if is_module(node.value):
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
    """Tell whether this may name axes: 1, -1, None, (0, 1)."""
    if isinstance(tree, ast.Tuple):
        return all(map(_is_an_axis, tree.elts))
    if isinstance(tree, ast.UnaryOp):
        return _is_an_axis(tree.operand)
    return isinstance(tree, ast.Constant) and (tree.value is None or type(tree.value) is int)


def _from_template(name: str, arguments: list[ast.expr], keywords: list[ast.keyword]) -> ast.expr | None:
    """Write out a call of a function that this language lacks; None without a template for it, or for other arguments."""
    for called, out in WRITTEN_OUT:
        if not called.startswith(f"{name.lower()}("):
            continue
        names = called.removesuffix(")").partition("(")[2].split(", ")
        given = dict(zip(names, arguments, strict=False)) | {k.arg or "": k.value for k in keywords}
        if len(arguments) + len(keywords) == len(names) and given.keys() == set(names):
            return cast(ast.expr, _Filling(given).visit(ast.parse(out, mode="eval").body))
    return None


class _Filling(ast.NodeTransformer):
    """Replace the parameters of a template."""

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
    """Gather sizes in a tuple: `reshape(x, n, m)` becomes `reshape(x, (n, m))`."""
    kept = 0 if name in {"zeros", "ones"} else 1
    if len(arguments) > kept + 1:
        return [*arguments[:kept], ast.Tuple(arguments[kept:], ast.Load())]
    return arguments
