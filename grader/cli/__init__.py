"""
The command line: arguments in, exit status out. No grading logic.

Each command is a row of COMMANDS and a function in the module that the row names. The module is imported when the command is
called: `--help` and `list` must not wait for what `grade` needs.
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

# name: (module, help). The function in the module is called `command_NAME`.
COMMANDS = {
    "list": ("grader.cli.exercises", "List the exercises."),
    "show": ("grader.cli.exercises", "Show what an exercise asks."),
    "start": ("grader.cli.exercises", "Write a starter file to fill in."),
    "check": ("grader.cli.check", "Check your own answer."),
    "grade": ("grader.cli.grade", "Grade the submissions of a class."),
    "audit": ("grader.cli.audit", "Prove that exercises are right."),
    "demo": ("grader.cli.demo", "Grade the example class and print its table."),
    "replay": ("grader.cli.replay", "Judge one submission again, from its record."),
    "regrade": ("grader.cli.regrade", "Bring scores up to date with corrected exercises."),
    "purge": ("grader.cli.purge", "Remove what privacy rules want gone."),
    "report": ("grader.cli.report", "Write the pages of a graded class."),
    "export": ("grader.cli.export", "Write grades for Canvas, Moodle or Gradescope."),
    "doctor": ("grader.cli.doctor", "Say which protections hold here."),
    "handout": ("grader.cli.handout", "Pack what students are given."),
    "gradescope": ("grader.cli.gradescope", "Grade in Gradescope's containers."),
    "nbgrader": ("grader.cli.nbgrader", "Take part in nbgrader's course cycle."),
}


class _LazyGroup(click.Group):
    """A group that shows the help of its commands without importing them."""

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
            formatter.write_dl([(name, help) for name, (_, help) in COMMANDS.items()])


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="\b\nExample:\n  $ grader start tanh_layer -o answer.py\n  $ grader check tanh_layer answer.py",
)
@click.version_option(VERSION, message="grader %(version)s")
def cli() -> None:
    """Grade derivative exercises: YAML in, verdicts with reasons out."""


def run(arguments: Sequence[str] | None = None) -> int:
    """
    Run one command; return its exit status.

    Errors that the user can mend are written to stderr (2); for a fault of ours, one line names the file with its traceback (3).
    """
    show_what_the_terminal_can()
    try:
        # Not `cli.main`: its exit status for a closed pipe is 1, which means something else in `check`.
        with cli.make_context("grader", list(sys.argv[1:] if arguments is None else arguments)) as context:
            result = cli.invoke(context)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as exit:
        return exit.exit_code
    except click.ClickException as error:
        message = io.StringIO()
        error.show(message)
        print(_cleaned(message.getvalue()), end="", file=sys.stderr)
        return error.exit_code
    except GraderError as error:
        print(_cleaned(str(error)), file=sys.stderr)
        return UNUSABLE
    except (click.Abort, KeyboardInterrupt):
        print("Stopped.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (`grader list | head`); Python must not find that out again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except Exception as error:
        print(f"This is a fault of the grader ({_cleaned(_first_line(error))}). Traceback: {_kept_traceback()}", file=sys.stderr)
        return OUR_FAULT


def _cleaned(text: str) -> str:
    """Clean a text for the terminal: it names files, and others may have named these."""
    from grader.text import cleaned

    return cleaned(text)


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _kept_traceback() -> str:
    """Write the traceback to a file, for a report to the maintainers; return its name, or the text where no file can be made."""
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
