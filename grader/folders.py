"""Where a user's files lie that can be made again."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """Where a user's public records lie: `GRADER_CACHE`, or the platform's cache directory."""
    if chosen := os.environ.get("GRADER_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home()) / "grader" / "records"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "grader" / "records"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "grader" / "records"
