"""`purge`: what privacy rules want gone, removed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.common import agreed
from grader.cli.options import database_option, out_argument, yes_option
from grader.errors import Fault, GraderError
from grader.text import counted

if TYPE_CHECKING:
    from grader.course.purge import Removal

DONE, NOT_DONE = 0, 1


@click.command("purge", epilog="\b\nExample:\n  $ grader purge OUT\n  $ grader purge OUT --student s03 --scores")
@out_argument
@click.option("--student", help="Remove only what is known of this student.")
@click.option("--scores", "--marks", "scores", is_flag=True, help="Remove the scores, too.")
@yes_option
@database_option
def command_purge(*, out: Path, student: str | None, scores: bool, yes: bool, database: str | None) -> int:
    """
    Remove what privacy rules want gone, and keep the scores.

    What goes: the files that students handed in, the reports and pages made of them, names, addresses and ids of other
    systems, reasons for points given by hand. What stays: grades.csv, under the students' ids, and the seed.
    Exit status: 0 done, 1 not agreed to.
    """
    from grader.course.purge import purge

    def confirm(removal: Removal) -> bool:
        if student is not None and not removal.students:
            raise GraderError(Fault(str(out), f"There is no student {student}.", "The students are in grades.csv."))
        _print_removal(removal, scores=scores)
        return agreed("Remove this for good?", yes=yes)

    return DONE if purge(out, confirm, student, keep_scores=not scores, database=database) else NOT_DONE


def _print_removal(removal: Removal, *, scores: bool) -> None:
    print(f"For {counted(removal.students, 'student')}, this removes:")
    print(f"  {counted(removal.files, 'file')} handed in")
    print(f"  {counted(removal.pages, 'page')} and reports (`grader report` can write report.html anew)")
    print("  names, addresses, ids of other systems, reasons for points given by hand")
    if scores:
        print(f"  {counted(removal.results, 'score')}, and the students themselves")
    else:
        scores_kept = f"{counted(removal.results, 'score')} with the statuses, and times of handing in"
        print(f"It keeps {scores_kept}, under the students' ids.")
    print("Your own files (submissions, roster, table of overrides, ledger) are not touched.")
    sys.stdout.flush()
