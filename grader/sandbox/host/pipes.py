"""
The grader's end of a child's pipes: frames and output come in, orders go out, nothing ever blocks.

Everything that is read is capped before it is stored. Two forms of one thing: `Pipes` waits for several descriptors at
once; `ThreadedPipes` has a thread for each, for systems where pipes cannot be waited for together (Windows).
"""

from __future__ import annotations

import mmap
import os
import selectors
import threading
from collections import deque
from typing import TYPE_CHECKING, Final

from grader.sandbox.wire import frames
from grader.sandbox.wire.answer import Reason
from grader.sandbox.wire.frames import Frame, ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterable

KEPT_OUTPUT: Final = 64 << 10
MOST_OUTPUT: Final = 16 << 20
_CHUNK: Final = 64 << 10
_MOST_FRAMES: Final = 4096  # waiting to be looked at


class Inbox:
    """
    What came from one child: bytes go in as they arrive, whole frames come out.

    Bytes that are no frame end it: `broken` says what is wrong with them. The frames before them count, however the bytes were
    cut on their way: else it would be chance whether a child had begun before it broke the protocol.
    """

    def __init__(self) -> None:
        self.frames: deque[Frame] = deque()
        self.broken: ProtocolError | None = None
        self.output = bytearray()
        self.output_bytes = 0
        self._head = bytearray()
        self._kind = self._nonce = 0
        self._body: memoryview | None = None
        self._filled = 0

    @property
    def is_flooded(self) -> bool:
        """Whether student code wrote more than anybody reads."""
        return self.output_bytes > MOST_OUTPUT

    def take_output(self, piece: bytes) -> None:
        """Keep the beginning of the output, count the rest."""
        self.output_bytes += len(piece)
        self.output += piece[: KEPT_OUTPUT - len(self.output)]

    def take(self, piece: memoryview) -> None:
        """Take bytes of frames. The first that is none is noted as `broken`, and nothing after it is a frame."""
        try:
            self._take(piece)
        except ProtocolError as error:
            self.broken = error

    def _take(self, piece: memoryview) -> None:
        while piece:
            if self._body is None:
                need = frames.HEADER.size - len(self._head)
                self._head += piece[:need]
                piece = piece[need:]
                if len(self._head) == frames.HEADER.size:
                    piece = piece[self._begin(piece) :]
            else:
                room = len(self._body) - self._filled
                part = piece[:room]
                self._body[self._filled : self._filled + len(part)] = part
                piece = piece[len(part) :]
                self.filled(len(part))

    def large_rest(self) -> memoryview | None:
        """Return the rest of a large body, to be read into without a copy in between; then call `filled`."""
        if self._body is None or len(self._body) - self._filled < _CHUNK:
            return None
        return self._body[self._filled :]

    def filled(self, count: int) -> None:
        """Count so many more bytes of the body, which were read into it."""
        assert self._body is not None
        self._filled += count
        if self._filled == len(self._body):
            self._finish(self._body)

    def _begin(self, piece: memoryview) -> int:
        """Begin a body, and take the whole of it when it is there. Return how many bytes of `piece` it took."""
        self._kind, self._nonce, length = frames.read_header(self._head, frames.MAX_BODY)
        if len(self.frames) >= _MOST_FRAMES:
            raise ProtocolError(Reason.TOO_MANY_ANSWERS)
        self._head.clear()
        if length <= len(piece):
            self._finish(memoryview(bytearray(piece[:length])))
            return length
        try:
            # pages of a map take no memory before they are written: a false length costs nothing
            self._body = memoryview(mmap.mmap(-1, length) if length > _CHUNK else bytearray(length))
        except OSError as error:
            raise ProtocolError(Reason.NO_ROOM_FOR_ANSWER, length) from error
        self._filled = 0
        return 0

    def _finish(self, body: memoryview) -> None:
        self.frames.append(Frame(kind=self._kind, nonce=self._nonce, body=body))
        self._body = None


class Pipes(Inbox):
    """The pipes of a child, waited for with a selector. `death` becomes readable when the child is gone."""

    def __init__(self, job: int, results: int, output: int, death: int | None) -> None:
        super().__init__()
        self._job, self._results, self._output, self._death = job, results, output, death
        self._outgoing: deque[memoryview] = deque()
        self._chunk = memoryview(bytearray(_CHUNK))
        self._selector = selectors.DefaultSelector()
        for descriptor in (job, results, output):
            os.set_blocking(descriptor, False)
        for descriptor in (results, output, *(() if death is None else (death,))):
            self._selector.register(descriptor, selectors.EVENT_READ)
        self._open = {job, results, output}
        self.is_ended = False  # no more answers can come

    def send(self, buffers: Iterable[frames.Buffer]) -> None:
        """Queue buffers; they are written as the child reads."""
        if self._job not in self._open:
            return
        if not self._outgoing:
            self._selector.register(self._job, selectors.EVENT_WRITE)
        self._outgoing.extend(memoryview(buffer) for buffer in buffers if len(buffer))
        self._write()

    def wait(self, seconds: float) -> None:
        """Move bytes until something arrived, at most that long."""
        for key, _ in self._selector.select(max(0.0, seconds)):
            if key.fd == self._job:
                self._write()
            elif key.fd == self._death:
                self._selector.unregister(key.fd)
                self.drain()
            elif key.fd not in self._open:  # the death was reported in the same round, and the pipes are drained already
                continue
            elif key.fd == self._results:
                self._read_results()
            else:
                self._read_output()

    def drain(self) -> None:
        """Take the answers that the pipes still hold of a child that is gone."""
        while self._results in self._open and self._read_results():
            pass
        self.is_ended = True

    def output_so_far(self) -> int:
        """Take what was written, and return how much output there is. What was flushed before an answer came is in it."""
        self.drain_output()
        return len(self.output)

    def drain_output(self) -> None:
        """Take what the output's pipe holds."""
        while self._output in self._open and not self.is_flooded and self._read_output():
            pass

    def close(self) -> None:
        """Close the grader's ends."""
        self._selector.close()
        for descriptor in (self._job, self._results, self._output):
            os.close(descriptor)

    def _write(self) -> None:
        try:
            while self._outgoing:
                written = os.write(self._job, self._outgoing[0])
                self._outgoing[0] = self._outgoing[0][written:]
                if not self._outgoing[0]:
                    self._outgoing.popleft()
        except BlockingIOError:
            return
        except (BrokenPipeError, ConnectionError):
            self._outgoing.clear()
            self._open.discard(self._job)
        self._selector.unregister(self._job)

    def _read_results(self) -> bool:
        large = self.large_rest()
        target = self._chunk if large is None else large
        try:
            count = os.readv(self._results, [target])
        except BlockingIOError:
            return False
        if count and large is not None:
            self.filled(count)
        elif count:
            self.take(target[:count])
        else:
            self._selector.unregister(self._results)
            self._open.discard(self._results)
            self.is_ended = True
        return bool(count)

    def _read_output(self) -> bool:
        try:
            piece = os.read(self._output, _CHUNK)
        except BlockingIOError:
            return False
        if piece:
            self.take_output(piece)
        else:
            self._selector.unregister(self._output)
            self._open.discard(self._output)
        return bool(piece)


class ThreadedPipes(Inbox):
    """The pipes of a child, each with a thread of its own."""

    def __init__(self, job: int, results: int, output: int) -> None:
        super().__init__()
        self._changed = threading.Condition()
        self._outgoing: deque[frames.Buffer | None] = deque()
        self.is_ended = False
        self._news = False
        self._threads = [
            threading.Thread(target=work, args=(descriptor,), daemon=True)
            for work, descriptor in ((self._write, job), (self._read_results, results), (self._read_output, output))
        ]
        for thread in self._threads:
            thread.start()

    def send(self, buffers: Iterable[frames.Buffer]) -> None:
        """Queue buffers; they are written as the child reads."""
        with self._changed:
            self._outgoing.extend(buffers)
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Wait until something arrived, at most that long."""
        with self._changed:
            self._changed.wait_for(lambda: self._news or self.is_ended, max(0.0, seconds))
            self._news = False

    def output_so_far(self) -> int:
        """Return how much output has arrived; some that was written before the last answer may be on its way."""
        return len(self.output)

    def drain_output(self) -> None:
        """Wait for the rest of the output of a child that is gone."""
        self._threads[-1].join(2.0)

    def close(self) -> None:
        """End the writing thread; the others end with the child, and each closes its own descriptor."""
        self.send([None])  # type: ignore[list-item]

    def _write(self, descriptor: int) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._outgoing))
                buffer = self._outgoing.popleft()
            if buffer is None:
                break
            try:
                rest = memoryview(buffer)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
            except OSError:  # the child is gone
                break
        os.close(descriptor)

    def _read_results(self, descriptor: int) -> None:
        while piece := os.read(descriptor, _CHUNK):
            with self._changed:
                self.take(memoryview(piece))
                self._news = True
                self._changed.notify_all()
                if self.broken is not None:
                    break
        with self._changed:
            self.is_ended = True
            self._changed.notify_all()
        os.close(descriptor)

    def _read_output(self, descriptor: int) -> None:
        while piece := os.read(descriptor, _CHUNK):
            with self._changed:
                self.take_output(piece)
                self._news |= self.is_flooded
                self._changed.notify_all()
        os.close(descriptor)
