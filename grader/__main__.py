"""`grader` and `python -m grader`: the command line, and its exit status."""

from __future__ import annotations

import gc
import os
import sys


def main() -> int:
    """Run the command line; Ctrl-C while it still starts is 130, too."""
    is_waited_for = sys.argv[1:2] == ["check"]
    if is_waited_for:
        gc.disable()  # imports make much and leave nothing to collect: 5 % of what a student waits
    try:
        from grader.cli import run

        status = run()
    except KeyboardInterrupt:
        return 130
    if is_waited_for:
        # Nothing is left to do, and taking NumPy apart would cost another tenth of the time.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


if __name__ == "__main__":
    sys.exit(main())
