"""Parse a formula: text -> Formula, or what is wrong with it and what to write instead."""

from __future__ import annotations

from grader.exercise.formula.nodes import Formula, FormulaError
from grader.exercise.formula.syntax import MAX_LENGTH, NotInLanguageError, read_formula, too_deep

_WHITESPACE = str.maketrans("\t\r\n", "   ")


def parse(text: str) -> Formula:
    """
    Parse a formula. Only constants are computed, and nothing is ever eval'ed.

    Raises FormulaError, with the column, for whatever the language does not have.
    """
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"this formula has {len(text)} characters", f"At most {MAX_LENGTH}: split it into several lines.")
    source = text.translate(_WHITESPACE).strip()
    indent = len(text) - len(text.lstrip())
    if not source:
        raise FormulaError("the formula is empty", "Write an expression, such as W @ x + b.")
    if (odd := next((c for c in source if not c.isprintable() or c in "#\\"), None)) is not None or not source.isascii():
        _refuse_characters(source, odd, indent)
    try:
        return read_formula(source, text=text, indent=indent)
    except SyntaxError as error:
        from grader.exercise.formula.advice import syntax_error

        raise syntax_error(source, error, indent) from None
    except NotInLanguageError as error:
        raise _with_advice(error) from None
    except RecursionError:
        raise too_deep() from None


def _with_advice(error: NotInLanguageError) -> FormulaError:
    from grader.exercise.formula.advice import refusal

    try:
        what, remedy = refusal(error.tree)
    except RecursionError:  # the part may be deeper than what is read
        return too_deep()
    return FormulaError(what, remedy, error.column)


def _refuse_characters(source: str, odd: str | None, indent: int) -> None:
    from grader.exercise.formula.advice import odd_character

    if (error := odd_character(source, odd, indent)) is not None:
        raise error
