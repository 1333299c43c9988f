"""
Pack an assignment for students of a course without nbgrader: starters, exercises without mistakes, records of the public seed.

This package comes along as a wheel, since it is on no index. With the records, nobody needs torch to check answers to NumPy
exercises.
"""

from __future__ import annotations

from collections.abc import Iterator

from grader import wheel
from grader.exercise import starter
from grader.exercise.assignment import Assignment
from grader.exercise.loading import dump_assignment, dump_for_students, parse_exercise
from grader.exercise.model import Exercise
from grader.reference import prepare, store
from grader.text import counted


def pack(assignment: Assignment, *, notebooks: bool = False) -> bytes:
    """Pack one folder, named after the assignment. Raises ExerciseError or GraderError when a record cannot be made."""
    return wheel.zipped({f"{assignment.id}/{name}": data for name, data in _files(assignment, notebooks=notebooks)})


def _files(assignment: Assignment, *, notebooks: bool) -> Iterator[tuple[str, bytes]]:
    suffix = "ipynb" if notebooks else "py"
    yield "README.md", _readme(assignment, suffix).encode()
    yield wheel.NAME, wheel.pack()
    yield f"{assignment.id}.yaml", dump_assignment(assignment).encode()
    for exercise in assignment.exercises:
        given = parse_exercise(dump_for_students(exercise), exercise.id)
        file = f"{exercise.id}.{suffix}"
        yield file, (starter.as_notebook(given) if notebooks else starter.as_script(given, file)).encode()
        for name, data in exercise_files(exercise).items():
            yield f"exercises/{name}", data


def exercise_files(exercise: Exercise) -> dict[str, bytes]:
    """
    Return the files with which a student checks an exercise: its YAML without the mistakes, and the record of the public seed.

    Raises ExerciseError or GraderError when the record cannot be made.
    """
    text = dump_for_students(exercise)
    given = parse_exercise(text, exercise.id)
    name = store.file_name(given.id, given.record_sha256, prepare.PUBLIC_SEED, prepare.ENGINE)
    return {
        f"{given.id}.yaml": text.encode(),
        f"{prepare.BESIDE}/{name}": store.encode(prepare.prepare(given)),
    }


def _readme(assignment: Assignment, suffix: str) -> str:
    asked = "\n".join(f"- `{one.id}.{suffix}`: {one.title}, {counted(one.points, 'point')}" for one in assignment.exercises)
    first = assignment.exercises[0].id
    extra = "[torch]" if any(one.arrays == "torch" for one in assignment.exercises) else ""
    cell = "\nThe last cell of a notebook checks it, too, where Jupyter runs with the same Python.\n" if suffix == "ipynb" else ""
    due = f"\nDue {assignment.due:%Y-%m-%d %H:%M %Z}.\n" if assignment.due else ""
    return f"""# {assignment.title}
{due}
{asked}

Each file says what to write. The checker came along with them. Install it once, in this folder, with Python 3.11 or later:

    python3 -m pip install "{wheel.NAME}{extra}"

(If pip says that the environment is externally managed, make one for this: `python3 -m venv .venv`, then in each new terminal
`source .venv/bin/activate`, on Windows `.venv\\Scripts\\activate`.)

Then, in this folder, check an answer as often as you like:

    grader check {first} {first}.{suffix}
{cell}
It calls your functions with a few inputs and says where they go wrong. You are graded in the same way, with other inputs.
It compares with the answers in `exercises/records`; where PyTorch is installed, it computes them itself.
"""
