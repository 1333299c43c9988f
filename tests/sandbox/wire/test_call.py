"""A call knows its text, the names that it passes, and the functions that it needs."""

from __future__ import annotations

from grader.sandbox.wire.call import Call, Constant, Given, Group, Name, Table

CACHE = Given(name="cache", function="forward", arguments=(Name("x"), Name("n")), item=1)
CALL = Call(
    function="f", arguments=(Name("dout"), Group((Name("cache"), Constant(2))), Table((("m", Name("x")),))), given=(CACHE,)
)


def test_call_as_text() -> None:
    """A call reads as a student writes it; what makes its arguments first is not in it."""
    assert str(CALL) == "f(dout, (cache, 2), {'m': x})"
    assert str(Call(function="f", arguments=())) == "f()"


def test_call_has_every_name_once() -> None:
    """Names are found in tuples and dicts, and in the calls that make arguments."""
    assert CALL.names == ("dout", "cache", "x", "n")


def test_call_needs_functions() -> None:
    """The functions that make arguments come first, since they are called first; each is there once."""
    assert CALL.functions == ("forward", "f")
    again = Given(name="other", function="forward", arguments=())
    assert Call(function="forward", arguments=(), given=(CACHE, again)).functions == ("forward",)
