"""
Make the calls of one task: fresh arguments for each, the student's function, and what came of it as an `Answer`.

Pure: it runs in the sandboxed child, and for `grader.check` in the user's own process.
"""

from __future__ import annotations

import contextlib
import mmap
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from grader.sandbox.child.failures import clear_frames, frames_of, line_of, reason_of
from grader.sandbox.child.returned import Items
from grader.sandbox.wire.answer import Answer, Failure, Phase, Reason
from grader.sandbox.wire.call import Constant, Group, Name, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from grader.sandbox.limits import Arrays
    from grader.sandbox.wire.answer import Array
    from grader.sandbox.wire.call import Argument, Given
    from grader.sandbox.wire.plan import Inputs, TaskPlan

    Functions = Mapping[str, Callable[..., object]]


def call_task(plan: TaskPlan, functions: Functions, arrays: Arrays) -> tuple[Answer, ...]:
    """
    Make the calls of a task in this process; items are read-only copies. A real Ctrl-C goes through.

    For torch arrays the default dtype is float64 meanwhile, as it is in the child.
    """
    with _float64_by_default() if arrays == "torch" else contextlib.nullcontext():
        return tuple(_owned(answer) for answer in calls(plan, functions, arrays, confined=False))


@contextlib.contextmanager
def _float64_by_default() -> Iterator[None]:
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def calls(plan: TaskPlan, functions: Functions, arrays: Arrays, *, confined: bool) -> Iterator[Answer]:
    """
    Make the calls of a task one after the other, and yield their answers.

    An item may share memory with what the student's code still holds: use it before asking for the next.
    """
    missing = [name for name in plan.call.functions if name not in functions]
    ballast = _Ballast()
    for inputs in plan.inputs:
        if missing:
            yield Answer(failure=Failure(reason=Reason.NO_FUNCTION, function=missing[0]))
        else:
            ballast.load()
            yield _call(plan, inputs, functions, arrays, confined, ballast)


def _call(plan: TaskPlan, inputs: Inputs, functions: Functions, arrays: Arrays, confined: bool, ballast: _Ballast) -> Answer:
    fresh = _Fresh(inputs, arrays)
    phase, function, argument = Phase.MAKING, "", ""
    value: object = None
    try:
        for given in plan.call.given:
            function, argument = given.function, given.name
            fresh.made[given.name] = _give(given, functions[given.function], fresh)
        phase, function, argument = Phase.CALLING, "", ""
        fresh.renew()
        value = functions[plan.call.function](*[fresh.argument(one) for one in plan.call.arguments])
        phase = Phase.READING
        returned = Items(value, plan.returns)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and not confined:
            raise
        if isinstance(error, MemoryError):
            ballast.drop()
            value = None
            clear_frames(error)
        failure = Failure(
            reason=reason_of(error),
            phase=phase,
            detail=line_of(error),
            traceback=frames_of(error),
            function=function,
            argument=argument,
        )
        return Answer(failure=failure, mutated=fresh.mutated())
    return Answer(
        items=returned.items, detail=returned.detail, mutated=fresh.mutated(), single_precision=returned.single_precision
    )


class _Ballast:
    """Address space that is never touched: given back, it is the room in which to report a MemoryError."""

    def __init__(self) -> None:
        self._map: mmap.mmap | None = None

    def load(self) -> None:
        """Reserve it, unless an earlier call left too little room."""
        if self._map is None:
            with contextlib.suppress(OSError):
                self._map = mmap.mmap(-1, 2 << 20)

    def drop(self) -> None:
        """Give it back."""
        if self._map is not None:
            self._map.close()
            self._map = None


def _give(given: Given, function: Callable[..., object], fresh: _Fresh) -> object:
    fresh.renew()
    value: Any = function(*[fresh.argument(argument) for argument in given.arguments])
    if given.item is None:
        return value
    if hasattr(value, "dtype"):  # else a row of the array would pass for the cache, and fail far from here
        raise TypeError(f"it returned one array; a tuple is asked for, whose entry {given.item} is `{given.name}`")
    return value[given.item]


class _Fresh:
    """Arguments of one call: copies of the inputs, made anew by `renew`, and what `given` functions made."""

    def __init__(self, inputs: Inputs, arrays: Arrays) -> None:
        self.inputs = inputs
        self.arrays = arrays
        self.made: dict[str, object] = {}
        self.values: dict[str, Any] = {}

    def renew(self) -> None:
        """Forget the copies: the next function gets its own."""
        self.values = {}

    def argument(self, argument: Argument) -> Any:
        """Return the value of one argument as the student gets it."""
        if type(argument) is Name:  # most are
            name = argument.name
            if name in self.made:
                return self.made[name]
            if name not in self.values:
                self.values[name] = self._copy(self.inputs[name])
            return self.values[name]
        match argument:
            case Constant(value):
                return value
            case Group(items):
                return tuple(self.argument(item) for item in items)
            case Table(pairs):
                return {key: self.argument(item) for key, item in pairs}
        raise AssertionError(f"no argument: {argument}")

    def _copy(self, value: Array | int) -> Any:
        if isinstance(value, int):
            return value
        if self.arrays == "torch":
            import torch

            return torch.from_numpy(np.array(value))
        return value.dtype.type(value[()]) if value.ndim == 0 else np.array(value)

    def mutated(self) -> tuple[str, ...]:
        """Return the names of the arguments that are no longer what was given."""
        return tuple(name for name, value in self.values.items() if _changed(value, self.inputs[name]))


_SMALL_BYTES = 4096  # up to here bytes are compared faster than numbers


def _changed(value: Any, given: Array | int) -> bool:
    if isinstance(given, int) or isinstance(value, np.generic):
        return False
    try:
        if type(value) is np.ndarray and value.nbytes <= _SMALL_BYTES and value.tobytes() == given.tobytes():
            return bool(value.shape != given.shape or value.dtype != given.dtype)
        now = value if type(value) is np.ndarray else value.detach().numpy()
        return now.shape != given.shape or now.dtype != given.dtype or not (now == given).all()
    except BaseException:  # a tensor that student code resized, moved or freed
        return True


def _owned(answer: Answer) -> Answer:
    items = []
    for item in answer.items:
        kept = item.copy() if isinstance(item, np.ndarray) else item
        if isinstance(kept, np.ndarray):
            kept.flags.writeable = False
        items.append(kept)
    return replace(answer, items=tuple(items))
