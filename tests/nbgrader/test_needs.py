"""Without nbgrader, or with one that this was not made for, the commands say what to install."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError

import pytest

from grader.errors import GraderError
from grader.nbgrader import needs


def test_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of it is imported to find out."""

    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(needs, "version", missing)
    with pytest.raises(
        GraderError, match=r"nbgrader is not installed here.\n.*pip install 'nbformat>=5\.10' 'nbgrader<0\.10,>=0\.9\.5'"
    ):
        needs.needs_nbgrader()


@pytest.mark.parametrize("found", ["0.8.5", "0.9.4", "0.10.0", "1.0.0"])
def test_another_version(monkeypatch: pytest.MonkeyPatch, found: str) -> None:
    """The one that is there is named, and those that do."""
    monkeypatch.setattr(needs, "version", lambda name: found)
    with pytest.raises(GraderError, match=rf"nbgrader {found} is installed; .* works with 0.9.5 and later ones before 0.10"):
        needs.needs_nbgrader()


@pytest.mark.parametrize("found", ["0.9.5", "0.9.6"])
def test_a_version_that_does(monkeypatch: pytest.MonkeyPatch, found: str) -> None:
    """No word."""
    monkeypatch.setattr(needs, "version", lambda name: found)
    needs.needs_nbgrader()
