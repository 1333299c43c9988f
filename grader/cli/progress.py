"""Show how far grading is, while it runs: always on stderr."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from grader.course.grade import Progress


@contextlib.contextmanager
def showing_progress() -> Iterator[Callable[[Progress], None]]:
    """Show a bar on a terminal that can redraw it, a line now and then elsewhere."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield Lines().tell
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar
    from rich.table import Column

    columns = (
        BarColumn(bar_width=16),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True, expand=True) as bar:
        task = bar.add_task("", total=None, rate="", note="")

        def tell(at: Progress) -> None:
            rate = (at.done - at.reused) / at.seconds if at.seconds > 1 else 0.0
            bar.update(task, total=at.total, completed=at.done, rate=f"{rate:.0f}/s" if rate else "", note=note_of(at))

        yield tell


class Lines:
    """A line of progress after 10 seconds, then after twice as long each time."""

    def __init__(self) -> None:
        self.next_seconds = 10.0

    def tell(self, at: Progress) -> None:
        """Print a line when it is time for one."""
        if at.seconds >= self.next_seconds:
            self.next_seconds = 2 * at.seconds
            note = f" ({note_of(at)})" if note_of(at) else ""
            print(f"{at.done} of {at.total} graded, {at.seconds:.0f} s{note}.", file=sys.stderr)


def note_of(at: Progress) -> str:
    """Write what is worth knowing beside the count: answers not graded, the slowest exercise, answers not run again."""
    exercise, seconds = at.slowest
    notes = (
        f"{at.ungraded} not graded" if at.ungraded else "",
        f"slowest {exercise} {seconds:.1f} s" if exercise else "",
        f"{at.reused} unchanged" if at.reused else "",
    )
    return ", ".join(filter(None, notes))
