"""`grader` and `python -m grader`: the command line, and its exit status."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; Ctrl-C while it still starts is 130, too."""
    try:
        from grader.cli import run

        return run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
