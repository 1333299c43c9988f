"""The formgrader for real: a Jupyter server, its buttons by their addresses, its pages in a browser."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import chdir, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

pytest.importorskip("nbgrader")

import nbgrader_class
from browser import CHROMIUM, FLAGS
from nbgrader_class import HALF_W, WRONG

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # nbgrader's own
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium"),
]

TOKEN = "formgrader"
_EXTENSIONS = "{'nbgrader.server_extensions.formgrader': True, 'jupyterlab': False, 'notebook': False, 'jupyter_lsp': False}"
_QUIET = tuple(flag for flag in FLAGS if flag != "--remote-debugging-pipe")  # a page is asked for as text, and that is all
# A browser that stays on this machine: pages also ask for MathJax elsewhere, which a test must not wait for.
_LOCAL = ("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--virtual-time-budget=20000")


@dataclass(frozen=True)
class Formgrader:
    """A server that runs in a course folder."""

    url: str
    folder: Path

    def page(self, path: str) -> str:
        """Return the text of a page as the browser has it after its scripts ran."""
        profile = f"--user-data-dir={self.folder / 'browser'}"
        address = f"{self.url}formgrader/{path}?token={TOKEN}"
        command = [str(CHROMIUM), *_QUIET, *_LOCAL, profile, "--dump-dom", address]
        shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        plain = re.sub(r"<(style|script)\b.*?</\1>|<[^>]+>", " ", shown, flags=re.DOTALL)
        return " ".join(html.unescape(plain).split())

    def ask(self, path: str, method: str = "GET") -> Any:
        """Ask the server for what a button of the pages asks for."""
        request = Request(f"{self.url}formgrader/api/{path}", method=method, headers={"Authorization": f"token {TOKEN}"})
        with urlopen(request, data=b"" if method == "POST" else None, timeout=60) as answer:
            return json.load(answer)


@pytest.fixture(scope="module")
def formgrader(released_course: nbgrader_class.Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Formgrader]:
    """Autograde two students with the formgrader's button: one is half right, one has a cell that failed."""
    folder = tmp_path_factory.mktemp("formgrader")
    course = nbgrader_class.copy(released_course, folder / "course")
    with chdir(course.root):
        course.hand_in("s01", HALF_W)
        course.hand_in("s02", WRONG, first=("1 / 0",))
    own = {name: str(folder / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    environment = {**os.environ, **own, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    settings = [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.jpserver_extensions={_EXTENSIONS}", "--ServerApp.port=0"]
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", *settings]
    with (folder / "log.txt").open("w") as log:
        server = subprocess.Popen(command, cwd=course.root, env=environment, stdout=log, stderr=log)
        try:
            made = Formgrader(_address(server, Path(own["JUPYTER_RUNTIME_DIR"]), folder / "log.txt"), folder)
            for student in ("s01", "s02"):
                made.ask(f"submission/tanh_layer/{student}/autograde", "POST")
            yield made
        finally:
            server.terminate()
            server.wait(20)


def _address(server: subprocess.Popen[bytes], runtime: Path, log: Path) -> str:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        for file in runtime.glob("jpserver-*.json"):
            with suppress(ValueError, URLError):
                url = str(json.loads(file.read_text())["url"])
                urlopen(f"{url}api", timeout=5).close()
                return url
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def test_the_button_gives_the_marks(formgrader: Formgrader) -> None:
    """The scores of `nbgrader autograde`: one server grades one submission after the other."""
    found = {one["student"]: one["autograded"] and one["score"] for one in formgrader.ask("submissions/tanh_layer")}
    assert {"s01": 2.0, "s02": 1.0} == found


def test_the_page_of_assignments(formgrader: Formgrader) -> None:
    """The assignment with its two submissions."""
    shown = formgrader.page("manage_assignments")
    assert re.search(r"tanh_layer .*draft.* 2 ", shown), shown


def test_the_page_of_submissions(formgrader: Formgrader) -> None:
    """Each student's points."""
    shown = formgrader.page("manage_submissions/tanh_layer")
    assert [True, True] == ["2 / 3" in shown, "1 / 3" in shown], shown


def test_the_manual_grading_page_shows_reasons_and_points(formgrader: Formgrader) -> None:
    """What is wrong in words, the points of the cell and the student's error, where a person grades."""
    notebooks = formgrader.ask("submitted_notebooks/tanh_layer/tanh_layer")
    shown = {one["student"]: formgrader.page(f"submissions/{one['id']}/") for one in notebooks}
    assert re.search(r"wrong values dY_dW\(W, X, B\) 1 of 2 points .* Likely cause: That is ∂Z/∂W\.", shown["s01"]), shown["s01"]
    assert "right dY_dB(W, X, B) 1 of 1 point" in shown["s01"]
    assert re.search(r"1 / 0 .*ZeroDivisionError: division by zero.* wrong shape dY_dW\(W, X, B\) 0 of 2 points", shown["s02"])
