"""What is packed for a child comes back, and no child is sent what it is not to see."""

from __future__ import annotations

import numpy as np
from wire_frames import frame_of

from grader.sandbox.wire import protocol
from grader.sandbox.wire.call import Call, Constant, Given, Group, Name, Table
from grader.sandbox.wire.plan import Source, TaskPlan


def test_orders_come_back() -> None:
    """Sources are bytes for bytes what was handed in."""
    sources = (Source(name="a.py", cells=(b"\0\xff",)), Source(name="b.ipynb", cells=(b"1", b"", b"2"), is_notebook=True))
    orders = protocol.Orders(nonce=7, arrays="torch", asked=("f", "g"), sources=sources)
    assert orders == protocol.unpack_orders(frame_of(protocol.pack_orders(orders)))


def test_task_comes_back() -> None:
    """A plan comes back whole: arguments of every form, given functions, arrays of every shape."""
    plan = TaskPlan(
        call=Call(
            function="f",
            arguments=(Name("x"), Group((Name("n"), Constant(None))), Table((("stride", Constant(2)), ("m", Name("e"))))),
            given=(Given(name="c", function="g", arguments=(Name("t"), Name("s")), item=1),),
        ),
        returns=("a", "b"),
        inputs=({"x": np.arange(6.0).reshape(2, 3), "n": 4, "t": np.array([1, 2]), "s": np.array(0.5), "e": np.zeros((0, 2))},),
    )
    got = protocol.unpack_task(frame_of(protocol.pack_task(plan, 3)))
    assert (plan.call, plan.returns) == (got.call, got.returns)
    for name, value in plan.inputs[0].items():
        assert np.array_equal(value, got.inputs[0][name])
        assert np.shape(value) == np.shape(got.inputs[0][name])


def test_task_holds_no_input_of_another() -> None:
    """A quantity that other tasks are given stays with the grader: it may be what this one is asked for."""
    plan = TaskPlan(
        call=Call(function="f", arguments=(Name("x"),)),
        returns=("Y",),
        inputs=({"x": np.ones(2), "Y": np.array([0.7615, 0.7615]), "n": 2},),
    )
    assert {"x"} == set(protocol.unpack_task(frame_of(protocol.pack_task(plan, 3))).inputs[0])
