#!/usr/bin/env bash
# Guess: nbgrader grades student by student, and what cannot be taken in is lost alone: a notebook that is no JSON, that has
#   the wrong name, whose kernel dies. So a notebook whose cells have the metadata of an older nbgrader is lost alone, too.
#
# Version: nbgrader 0.9.5.
#
# Behaviour: `nbgrader autograde` stops at that student. Everybody whose id comes later is not graded, and is not named
#   anywhere. The message speaks of "the assignment", not of the student. A notebook that is no JSON is lost alone.
#
# Seen (students s01 to s04; s02 handed in an empty file, s03 a notebook with schema_version 2):
#   exit status 1; autograded: s01; nothing is said of s04
#   "One or more notebooks in the assignment use an old version of the nbgrader metadata format."
#   without s03: exit status 1, too; autograded: s01 and s04
#
# Why it matters: Someone who repeats a course hands in last year's notebook, and half of a class has no scores. Both ends are
#   the same exception and the same exit status, so a script that goes on after lost students loses the rest of them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet nbgrader==0.9.5 nbformat==5.11.0 ipykernel
mkdir -p "$folder/course/source/ps1"
cd "$folder/course"
export JUPYTER_CONFIG_DIR="$folder" PATH="$folder/env/bin:$PATH"
cat > nbgrader_config.py <<'PY'
c = get_config()
c.CourseDirectory.course_id = "course"
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
PY
python - <<'PY'
import nbformat
from nbformat.v4 import new_code_cell, new_notebook

solution = {"nbgrader": {"schema_version": 3, "grade": False, "solution": True, "locked": False, "task": False, "grade_id": "a"}}
check = {"nbgrader": {"schema_version": 3, "grade": True, "solution": False, "locked": True, "task": False, "grade_id": "b", "points": 1}}
cells = [
    new_code_cell("### BEGIN SOLUTION\nx = 1\n### END SOLUTION", metadata=solution),
    new_code_cell("assert x == 1", metadata=check),
]
kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
nbformat.write(new_notebook(cells=cells, metadata=kernel), "source/ps1/ps1.ipynb")
PY
nbgrader generate_assignment ps1 > generate.log 2>&1
hand_in() {
    mkdir -p "submitted/$1/ps1"
    cp release/ps1/ps1.ipynb "submitted/$1/ps1/ps1.ipynb"
}
autograde() {
    rm -rf autograded
    status=0
    nbgrader autograde ps1 --no-execute --create > autograde.log 2>&1 || status=$?
    graded=$(cd autograded && echo s0*)
}
for student in s01 s02 s03 s04; do hand_in "$student"; done
: > submitted/s02/ps1/ps1.ipynb
sed -i 's/"schema_version": 3/"schema_version": 2/' submitted/s03/ps1/ps1.ipynb

autograde
echo "with s03's: exit status $status, autograded: $graded"
[[ $status == 1 && $graded == "s01" ]]
grep -q "use an old version" autograde.log
! grep -q "s04" autograde.log

rm -r submitted/s03
autograde
echo "without: exit status $status, autograded: $graded"
[[ $status == 1 && $graded == "s01 s04" ]]
