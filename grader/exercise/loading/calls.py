"""Parse calls such as `affine_backward(dout, (x, w, b))` by Python's grammar; nothing is run."""

from __future__ import annotations

import ast
import math
import warnings

from grader.sandbox.wire.call import Argument, Call, Constant, Given, Group, Name, Table

MAX_LENGTH = 500
MAX_DEPTH = 8


class CallError(Exception):
    """What is wrong with a call, and what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy


def parse_call(text: str, given: tuple[Given, ...] = ()) -> Call:
    """Parse a call; `given` are the values that are made for it first. Raises CallError."""
    function, arguments = _call(_tree(text))
    return Call(function=function, arguments=arguments, given=given)


def parse_given(name: str, text: str) -> Given:
    """Parse the call that makes a given value, or one entry of what it returns, as `forward(x, w)[1]`. Raises CallError."""
    tree = _tree(text)
    item: int | None = None
    if isinstance(tree, ast.Subscript):
        index = tree.slice
        if not isinstance(index, ast.Constant) or type(index.value) is not int:
            raise CallError(
                f"`[{ast.unparse(index)}]` is not one entry", "Write a whole number from 0, as in `forward(x, w)[1]`."
            )
        tree, item = tree.value, index.value
    function, arguments = _call(tree)
    return Given(name=name, function=function, arguments=arguments, item=item)


def _tree(text: str) -> ast.expr:
    if len(text) > MAX_LENGTH:
        raise CallError(f"has {len(text)} characters", f"At most {MAX_LENGTH}.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's advice on odd literals would reach the terminal
            return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise CallError(f"is `{text.strip()}`, which Python cannot read", _FORM) from None


_FORM = "Write the call that the grader makes, as `dY_dW(W, X, B)`."


def _call(tree: ast.expr) -> tuple[str, tuple[Argument, ...]]:
    match tree:
        case ast.Call(func=ast.Name(id=function), keywords=[]):
            return function, tuple(_argument(item, 0) for item in tree.args)
        case ast.Call(func=ast.Name(), keywords=[keyword, *_]):
            raise CallError(f"passes `{keyword.arg or '**'}` by keyword", "Write its value in its place, without the name.")
        case ast.Call():
            raise CallError(f"calls `{ast.unparse(tree.func)}`", "The function is a plain name, as in `dY_dW(W, X, B)`.")
        case ast.Name(id=name):
            raise CallError(f"is the name `{name}`, not a call", f"Write the arguments too, as `{name}(W, X, B)`.")
        case _:
            raise CallError(f"is `{ast.unparse(tree)}`, not a call", _FORM)


def _argument(tree: ast.expr, depth: int) -> Argument:
    if depth > MAX_DEPTH:
        raise CallError(f"is nested more than {MAX_DEPTH} deep", "Write it flatter.")
    match tree:
        case ast.Name():
            return Name(tree.id)
        case ast.Constant(value=None | bool() | int() | float() | str() as value):
            return _constant(value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)) if not isinstance(value, bool):
            return _constant(-value)
        case ast.Tuple():
            return Group(tuple(_argument(item, depth + 1) for item in tree.elts))
        case ast.Dict():
            return Table(tuple(_entry(key, value, depth) for key, value in zip(tree.keys, tree.values, strict=True)))
        case ast.List():
            raise CallError(f"passes the list `{ast.unparse(tree)}`", "Write a tuple, with round brackets.")
        case ast.Starred():
            raise CallError(f"passes `{ast.unparse(tree)}`", "Write each argument out.")
        case _:
            remedy = (
                "An argument is a name, a number, a text, a tuple or a dict of these; what is computed gets a line in forward."
            )
            raise CallError(f"passes `{ast.unparse(tree)}`, which is computed", remedy)


def _constant(value: float | str | None) -> Constant:
    if isinstance(value, str):
        _check_text(value)
    if (isinstance(value, int) and abs(value) > 2**53) or (isinstance(value, float) and not math.isfinite(value)):
        raise CallError("passes a number that is too large", "Integers go up to 2**53, floats to 1.0e308.")
    return Constant(value)


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise CallError("passes a text with half a character (a surrogate)", "Write the character itself.") from None


def _entry(key: ast.expr | None, value: ast.expr, depth: int) -> tuple[str, Argument]:
    if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
        raise CallError("passes a dict with a key that is no text", "Write keys in quotes: {'stride': 1}.")
    _check_text(key.value)
    return key.value, _argument(value, depth + 1)
