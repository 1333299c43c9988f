"""
The command line: arguments in, exit status out. No grading logic.

A command is a row of COMMANDS and a function in a module of its family, imported when the command is called: `--help` and `list`
must not wait for what `grade` needs.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from grader.cli.streams import show_what_the_terminal_can
from grader.errors import GraderError
from grader.version import VERSION

UNUSABLE, OUR_FAULT, INTERRUPTED, PIPE_CLOSED = 2, 3, 130, 141

# name: (module, what it does). The function in the module is called `command_NAME`.
COMMANDS = {
    "list": ("grader.cli.exercises", "List the exercises."),
    "show": ("grader.cli.exercises", "Show what an exercise asks."),
    "start": ("grader.cli.exercises", "Write a starter file to fill in."),
    "check": ("grader.cli.check", "Check your own answer."),
    "grade": ("grader.cli.grade", "Grade the submissions of a class."),
    "audit": ("grader.cli.audit", "Prove that exercises are right."),
    "demo": ("grader.cli.grade", "Grade the example class and print its table."),
    "replay": ("grader.cli.regrade", "Judge one submission again, from its record."),
    "regrade": ("grader.cli.regrade", "Bring marks up to date with corrected exercises."),
    "purge": ("grader.cli.regrade", "Remove what privacy rules want gone."),
    "report": ("grader.cli.results", "Write the pages of a graded class."),
    "export": ("grader.cli.results", "Write grades for Canvas, Moodle or Gradescope."),
    "doctor": ("grader.cli.doctor", "Say which protections hold here."),
    "handout": ("grader.cli.course", "Pack what students are given."),
    "gradescope": ("grader.cli.course", "Grade in Gradescope's containers."),
    "nbgrader": ("grader.cli.nbgrader", "Take part in nbgrader's course cycle."),
}


class _Lazy(click.Group):
    """A group that knows what its commands do without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found = getattr(import_module(COMMANDS[cmd_name][0]), f"command_{cmd_name}")
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, what) for name, (_, what) in COMMANDS.items()])


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="\b\nExample:\n  $ grader start tanh_layer -o answer.py\n  $ grader check tanh_layer answer.py",
)
@click.version_option(VERSION, message="grader %(version)s")
def cli() -> None:
    """Grade derivative exercises: YAML in, verdicts with reasons out."""


def run(arguments: Sequence[str] | None = None) -> int:
    """
    Run one command; its exit status.

    What the user can mend is said on stderr (2), what is our fault in one line that names the file of the traceback (3).
    """
    show_what_the_terminal_can()
    try:
        # Not `cli.main`: that answers a closed pipe with exit status 1, which `check` has a meaning for.
        with cli.make_context("grader", list(sys.argv[1:] if arguments is None else arguments)) as context:
            result = cli.invoke(context)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as exit:
        return exit.exit_code
    except click.ClickException as error:
        said = io.StringIO()
        error.show(said)
        print(_shown(said.getvalue()), end="", file=sys.stderr)
        return error.exit_code
    except GraderError as error:
        print(_shown(str(error)), file=sys.stderr)
        return UNUSABLE
    except (click.Abort, KeyboardInterrupt):
        print("Stopped.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (`grader list | head`); Python must not find that out again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except Exception as error:
        print(f"This is a fault of the grader ({_shown(_first_line(error))}). Traceback: {_kept_traceback()}", file=sys.stderr)
        return OUR_FAULT


def _shown(text: str) -> str:
    """What may be printed of a text that names files, which others may have named."""
    from grader.text import cleaned

    return cleaned(text)


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _kept_traceback() -> str:
    """The file that the traceback was written to, for a report to the maintainers; the text itself where no file can be made."""
    import tempfile
    import traceback
    from pathlib import Path

    text = traceback.format_exc()
    try:
        descriptor, name = tempfile.mkstemp(prefix="grader-", suffix=".txt")
        os.close(descriptor)
        Path(name).write_text(text, encoding="utf-8")
    except OSError:
        return f"\n{text}"
    return name
