"""
Read what an exception of student code says: the reason that a call failed by, its line, the student's own frames.

Runs beside student code, so nothing of an exception is trusted to behave: `__str__` may raise or return no text.
"""

from __future__ import annotations

import contextlib
import linecache
import os
import re
import sys
import sysconfig
from typing import TYPE_CHECKING, Any, Final

from grader.sandbox.child.imports import Refused
from grader.sandbox.wire.answer import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

MOST_FRAMES: Final = 12
_HERE: Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 pathlib costs a student's check its start-up time

_FOREIGN: Final = tuple(
    {
        os.path.join(path, "")  # noqa: PTH118
        for path in (
            _HERE,
            *(sysconfig.get_paths().get(key, "") for key in ("stdlib", "platstdlib", "purelib", "platlib")),
            # a zygote runs without `site`: of a virtual environment it knows only what it was told to search
            *(entry for entry in sys.path if entry.endswith(("site-packages", "dist-packages"))),
        )
        if path
    }
)

# NumPy took these names away in 1.24 and 2.0; students' old code and old tutorials have them
_REMOVED: Final = {
    "float": "float", "int": "int", "bool": "bool", "object": "object", "str": "str", "complex": "complex", "long": "int",
    "unicode": "str", "float_": "np.float64", "complex_": "np.complex128", "Inf": "np.inf", "Infinity": "np.inf",
    "infty": "np.inf", "PINF": "np.inf", "NINF": "-np.inf", "NaN": "np.nan", "NAN": "np.nan", "product": "np.prod",
    "cumproduct": "np.cumprod", "alltrue": "np.all", "sometrue": "np.any", "in1d": "np.isin", "trapz": "np.trapezoid",
    "row_stack": "np.vstack", "mat": "np.asarray", "asscalar": "x.item()", "round_": "np.round",
    "asfarray": "np.asarray(x, float)", "msort": "np.sort(x, axis=0)", "rank": "np.ndim",
    "obj2sctype": "np.dtype(x).type", "cast": "x.astype",
}  # fmt: skip

_PYTHON_2: Final = {
    "xrange": "range",
    "raw_input": "input",
    "unicode": "str",
    "basestring": "str",
    "unichr": "chr",
    "long": "int",
    "reduce": "functools.reduce",
    "reload": "importlib.reload",
    "cmp": "(a > b) - (a < b)",
}
_PYTHON_2_METHODS: Final = {"iteritems": "items", "iterkeys": "keys", "itervalues": "values", "has_key": "`key in d`"}
_KERNEL: Final = re.compile(r"[/\\](ipykernel_\d+[/\\]\d+|ipython-input-[\w-]+)\.py$")  # how ipykernel and Colab name a cell


def is_own(filename: str) -> bool:
    """Whether a frame of this file is the student's: not the grader's, not a library's, not generated."""
    return not filename.startswith("<") and not filename.startswith(_FOREIGN)


def reason_of(error: BaseException) -> Reason:
    """Return the reason that a call failed by which raised this."""
    if isinstance(error, Refused):
        return Reason.REFUSED
    if isinstance(error, MemoryError) or "can't allocate memory" in _text(error):  # as torch says it, in a RuntimeError
        return Reason.OUT_OF_MEMORY
    if isinstance(error, SystemExit):
        return Reason.EXITED
    if isinstance(error, NotImplementedError) and _raised_by_student(error):
        return Reason.NOT_IMPLEMENTED
    return Reason.RAISED


def line_of(error: BaseException) -> str:
    """Return the exception in one line, with the fix where it is known: `NameError: name 'xrange' is not defined; ...`."""
    if isinstance(error, Refused):
        return _one_line(_text(error))
    name = _one_line(type.__dict__["__name__"].__get__(type(error)), 80)
    text = _one_line(_text(error))
    if isinstance(error, SyntaxError) and not isinstance(error, UnicodeError):
        text = _syntax(error)
    fix = _fix(error)
    if fix:
        return f"{name}: {fix}"
    return f"{name}: {text}" if text else name


def frames_of(error: BaseException, own: Callable[[str], bool] = is_own) -> str:
    """Return the student's own frames with their source lines, innermost last."""
    frames: list[str] = []
    found: list[tuple[str, int, str]] = []
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if own(code.co_filename):
            found.append((code.co_filename, trace.tb_lineno, code.co_name))
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename and own(error.filename) and error.lineno:
        found.append((error.filename, error.lineno, ""))
    skipped = len(found) - MOST_FRAMES
    if skipped > 0:
        found = found[: MOST_FRAMES // 2] + found[-MOST_FRAMES // 2 :]
    for number, (filename, line, function) in enumerate(found):
        if skipped > 0 and number == MOST_FRAMES // 2:
            frames.append(f"... ({skipped} more)")
        place = f"{shown_name(filename)}, line {line}" + (f", in {function}" if function and function != "<module>" else "")
        source = linecache.getline(filename, line).strip()
        frames.append(place + (f"\n    {source[:200]}" if source else ""))
    return "\n".join(frames)[:8000]


def shown_name(filename: str) -> str:
    """
    Return a file's name as its student knows it: as it was handed in, never a path of this machine.

    >>> shown_name("/tmp/ipykernel_71/2120637643.py"), shown_name("/home/s01/answer.py")
    ('the cell', 'answer.py')
    """
    if _KERNEL.search(filename):
        return "the cell"  # where `grader.check` is called in a notebook: the name of the file is a hash
    return re.sub(r"^.*[/\\]", "", filename) if os.path.isabs(filename) else filename  # noqa: PTH117


def clear_frames(error: BaseException) -> None:
    """Let go of what the frames of an exception hold: after a MemoryError that is what there is to free."""
    trace = error.__traceback__
    while trace is not None:
        with contextlib.suppress(RuntimeError):  # still running: one of ours
            trace.tb_frame.clear()
        trace = trace.tb_next


def _one_line(text: str, characters: int = 500) -> str:
    """Put a text on one line and cut it. The grader cleans it: here student code could change what cleans."""
    text = " ".join(text[: 4 * characters].split())
    return text if len(text) <= characters else text[:characters] + " ..."


def _text(error: BaseException) -> str:
    if isinstance(error, KeyError) and len(error.args) == 1:
        return f"the key {_quiet(repr, error.args[0])} is not there"
    return _quiet(str, error)


def _quiet(make: Callable[[Any], str], thing: object) -> str:
    try:
        text = make(thing)
        return text if type(text) is str else str.__str__(text)
    except BaseException:
        return "(its message cannot be shown)"


def _raised_by_student(error: BaseException) -> bool:
    trace = error.__traceback__
    if trace is None:
        return False
    while trace.tb_next is not None:
        trace = trace.tb_next
    return is_own(trace.tb_frame.f_code.co_filename)


def _syntax(error: SyntaxError) -> str:
    place = f" (line {error.lineno})" if error.lineno else ""
    source = _one_line(error.text or "", 120)
    return _one_line(str(error.msg)) + place + (f": {source}" if source else "")


def _fix(error: BaseException) -> str:
    text = _text(error)
    if isinstance(error, AttributeError):
        if match := re.match(r"(?:module 'numpy' has no attribute|`np\.(\w+)` was removed)(?: '(\w+)')?", text):
            name = match[1] or match[2]
            if name in _REMOVED:
                return f"np.{name} was removed from NumPy; use {_REMOVED[name]}"
        if match := re.match(r"'\w+' object has no attribute '(\w+)'", text):
            return f"{match[1]} is Python 2; use {_PYTHON_2_METHODS[match[1]]}" if match[1] in _PYTHON_2_METHODS else ""
    if isinstance(error, NameError) and (match := re.match(r"name '(\w+)' is not defined", text)) and match[1] in _PYTHON_2:
        return f"{match[1]} is Python 2; use {_PYTHON_2[match[1]]}"
    if isinstance(error, EOFError) and "reading a line" in text:
        return "nobody is there to answer input(); take that line out"
    if isinstance(error, TypeError) and ("bitwise_xor" in text or "for ^: " in text):
        return "^ is no power in Python; write x**2"
    if isinstance(error, SyntaxError) and not isinstance(error, UnicodeError):
        message = str(error.msg)
        for found, advice in _PYTHON_2_SYNTAX:
            if found in message:
                return f"{_syntax(error)}. This looks like Python 2; {advice}"
        if "'utf-8' codec can't decode" in message:
            return "the file is not UTF-8 text; save it as UTF-8"
        if "null bytes" in message:
            return "the file contains null bytes; save it as plain UTF-8 text"
    if isinstance(error, ValueError) and "null bytes" in text:
        return "the file contains null bytes; save it as plain UTF-8 text"
    return ""


_PYTHON_2_SYNTAX: Final[Iterable[tuple[str, str]]] = (
    ("Missing parentheses in call to 'print'", "write print(...)"),
    ("multiple exception types must be parenthesized", "write `except Error as name:`"),
    ("leading zeros in decimal integer literals", "write octal numbers as 0o17"),
    ("Missing parentheses in call to 'exec'", "write exec(...)"),
)

if sys.platform == "win32":  # paths compare without case there
    _FOREIGN_LOWER: Final = tuple(path.lower() for path in _FOREIGN)

    def is_own(filename: str) -> bool:
        """Whether a frame of this file is the student's: not the grader's, not a library's, not generated."""
        return not filename.startswith("<") and not filename.lower().startswith(_FOREIGN_LOWER)
