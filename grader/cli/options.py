"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., object])


def exercises_option(command: Command) -> Command:
    """`--exercises DIR`: where to look before the shipped catalogue, may be given again."""
    option = click.option(
        "--exercises",
        "folders",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="A folder of exercises to look in first.",
    )
    return option(command)
