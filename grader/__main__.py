"""`grader` and `python -m grader`: the command line, and its exit status."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the command line; Ctrl-C while it still starts is 130, too."""
    try:
        from grader.cli import run

        status = run()
    except KeyboardInterrupt:
        return 130
    if sys.argv[1:2] == ["check"]:
        # Students wait for it, nothing is left to do, and taking NumPy apart would cost another tenth of the time.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


if __name__ == "__main__":
    sys.exit(main())
