"""
Say what is wrong with a formula that cannot be read, and what to write instead.

Imported once a formula turns out to be wrong.
"""

from __future__ import annotations

import ast
import difflib
import keyword
import re

from grader.exercise.formula.functions import FUNCTIONS
from grader.exercise.formula.nodes import FormulaError
from grader.exercise.formula.respelling import written_out
from grader.exercise.formula.spellings import (
    CHARACTERS,
    CONSTANTS_ELSEWHERE,
    EXPLANATIONS,
    FUNCTIONS_ELSEWHERE,
    LIKELY_SPELLINGS,
    NOT_IN_LANGUAGE,
    PAD_WIDTHS,
    WRITTEN_OUT,
    is_module,
    our_name,
)
from grader.text import counted

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
    ast.Tuple: ("a tuple is given where an array is needed", _JOIN),
    ast.List: ("a list is given where an array is needed", _JOIN),
    ast.Slice: ("a slice is only allowed in an index", "Write x[1:3]."),
}


def refusal(tree: ast.expr) -> tuple[str, str]:
    """Say what is wrong with a part of a formula, and what to write instead."""
    match tree:
        case ast.Call():
            what, remedy = _call(tree)
        case ast.Attribute() if is_module(tree.value) and tree.attr.lower() in CONSTANTS_ELSEWHERE:
            return f"`{ast.unparse(tree)}` is not known here", CONSTANTS_ELSEWHERE[tree.attr.lower()]
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
            what = f"{ast.unparse(tree)} is given where an array is needed"
            remedy = "True, False, None and texts are only options of functions."
        case ast.Subscript():
            what, remedy = "this index is empty", "Write x[i] or x[1:3]."
        case _:
            what, remedy = _FORMS.get(type(tree), ("this is not known in a formula", ""))
    return what, written_out(tree) or remedy


def _call(tree: ast.Call) -> tuple[str, str]:
    if any(isinstance(argument, ast.Starred) for argument in tree.args) or any(k.arg is None for k in tree.keywords):
        return "a formula has no `*` before an argument", "Write the arguments out."
    if isinstance(tree.func, ast.Attribute):
        remedy = _suggest(tree.func.attr) if tree.func.attr != "pad" else PAD_WIDTHS
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
        return f"{name} takes at most {counted(len(known), 'argument')}", f"It is {function.signature}."
    return f"an option of {name} is not what it takes", f"It is {function.signature}."


def _dotted(function: ast.Attribute) -> str:
    if is_module(function.value):
        return f"`{ast.unparse(function)}` is not known here: functions have no module before them"
    return f"`.{function.attr}(...)` is not known here: functions are not methods of arrays"


def _suggest(name: str) -> str:
    """Name the function that was probably meant, or say what to do without it; return nothing where that is a guess."""
    meant = LIKELY_SPELLINGS.get(name, our_name(name))
    if meant in FUNCTIONS:
        return f"Did you mean {FUNCTIONS[meant].signature}?"
    lower = name.lower()
    if lower in EXPLANATIONS:
        return EXPLANATIONS[lower]
    if templates := [(called, out) for called, out in WRITTEN_OUT if called.startswith(f"{lower}(")]:
        return " ".join(f"{called} is {out}." for called, out in templates)
    if lower in FUNCTIONS_ELSEWHERE or _is_in_numpy(name):
        return NOT_IN_LANGUAGE
    close = difflib.get_close_matches(lower, FUNCTIONS, n=2, cutoff=0.8)
    close = close or [other for other in FUNCTIONS if len(name) > 2 and sorted(other) == sorted(lower)]
    return f"Did you mean {' or '.join(close)}?" if close else ""


def _is_in_numpy(name: str) -> bool:
    """Tell whether NumPy has a function of this name: if so, it is no misspelling of one of ours."""
    import numpy as np

    return any(name in dir(module) for module in (np, np.linalg, np.fft, np.random))


def syntax_error(source: str, error: SyntaxError, indent: int) -> FormulaError:
    """Say in the words of formulas what Python could not read."""
    column = indent + max(error.offset or 1, 1)
    words = (word for word in re.findall(r"[^\W\d]\w*", source) if keyword.iskeyword(word) and word not in _OPERATORS)
    if word := next(words, None):
        return FormulaError(f"`{word}` is a word of Python and cannot be a name", f"Call it {word[:3]} or {word}_.", column)
    if any(source.count("(", 0, sign.start()) == source.count(")", 0, sign.start()) for sign in _ASSIGNS.finditer(source)):
        return FormulaError(
            "there is a `=` inside the formula", "The name of a line comes before the colon; to compare, write ==.", column
        )
    if re.search(r"(?<![\w.])\d+(\.\d+)?[^\W\d]", source) and "decimal literal" in error.msg:
        return FormulaError("a number runs into a name", "To multiply, write * between them: 2 * x.", column)
    if "'" in source and "unterminated" in error.msg:
        return FormulaError(
            "a quote opens a text that does not end", "For a transpose write x.T; a derivative needs a name.", column
        )
    if "->" in source and not re.search("['\"]", source):
        return FormulaError("the subscripts of einsum have no quotes", "Write einsum('ij,j->i', W, x).", column)
    remedy = "Between two factors write * (entry by entry) or @ (matrix product)." if "invalid syntax" in error.msg else ""
    return FormulaError(f"this is not a formula: {error.msg}", remedy, column)


def odd_character(source: str, odd: str | None, indent: int) -> FormulaError | None:
    """Say what is wrong with a character that no formula has; None if all are fine (names may be Greek)."""
    for place, character in enumerate(source, indent + 1):
        if (meant := CHARACTERS.get(character)) is not None:
            return FormulaError(f"the character {character} is not known in a formula", f"Write {meant} instead.", place)
    if odd == "#":
        return FormulaError(
            "`#` starts no comment inside a formula", "Put the comment on a line of its own.", indent + source.index(odd) + 1
        )
    if odd is not None:
        return FormulaError(f"the character {odd!r} is not known in a formula", "Leave it out.", indent + source.index(odd) + 1)
    return None
