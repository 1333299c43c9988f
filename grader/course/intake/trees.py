"""List what a folder or a zip of submissions holds."""

from __future__ import annotations

import zipfile
from pathlib import Path

from grader.course.intake.archives import UNPACKING, ZipHome, zip_tree
from grader.course.intake.files import Tree, reason_of
from grader.course.intake.folders import MAX_ENTRIES, folder_tree, too_many
from grader.errors import Fault, SubmissionError


def tree_of(path: Path) -> Tree:
    """List the files of the folder or zip at `path`. Raises SubmissionError when it is neither."""
    if path.is_dir():
        return folder_tree(path)
    if not path.is_file():
        what = "It is neither a folder nor a zip." if path.exists() else "There is no such folder or zip."
        raise SubmissionError(Fault(str(path), what, "Name the folder of submissions, or the zip as the LMS gave it."))
    try:
        with path.open("rb") as file:
            is_zip = zipfile.is_zipfile(file)
    except OSError as error:
        what = f"The file cannot be opened: {reason_of(error)}."
        raise SubmissionError(Fault(str(path), what, "May you read it?")) from None
    if not is_zip:
        remedy = "Name a folder or a zip of submissions; for one file of your own use `grader check EXERCISE FILE`."
        raise SubmissionError(Fault(str(path), "It is a file, but not a zip.", remedy))
    try:
        archive = zipfile.ZipFile(path)
    except UNPACKING as error:
        what = f"The zip cannot be read: {reason_of(error)}."
        raise SubmissionError(Fault(str(path), what, "Download or pack it again.")) from None
    tree = zip_tree(archive, home=ZipHome(archive), prefix="")
    if len(archive.infolist()) > MAX_ENTRIES:
        raise SubmissionError(too_many(path, list(tree.files)))
    return tree
