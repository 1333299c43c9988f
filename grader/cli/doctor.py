"""`doctor`: which protections hold on this machine."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from grader.sandbox.host.doctor import Check, Examination, Requirement

HOLDS, LACKS = 0, 1
_PLACES = {"box": "in the box", "no box": "no box", "seccomp": "seccomp"}
_INDENT = " " * 16
_SIGNS = {True: "✓", False: "✗", None: "-"}


@click.command("doctor", epilog="\b\nExample:\n  $ grader doctor --require seccomp")
@click.option("--json", "as_json", is_flag=True, help="Print the examination as JSON, attack by attack.")
@click.option("--require", type=click.Choice(["strict", "seccomp"]), default="strict", help="What has to hold for exit status 0.")
def command_doctor(*, as_json: bool, require: Requirement) -> int:
    """
    Say which protections hold here, and the command that adds a missing one.

    The real sandbox is started, and attacks are tried in it beside a right submission: in bubblewrap's box, which is
    isolation `strict`, and without a box, which is what `best` falls back on. Exit status: 0 when what is required
    holds, else 1.
    """
    from grader.sandbox.host.doctor import examine

    found = examine()
    holds = found.satisfies(require)
    if as_json:
        click.echo(json.dumps({**found.to_json(), "required": require, "holds": holds}, ensure_ascii=False, indent=2))
    else:
        for line in _lines(found, require):
            click.echo(line)
    return HOLDS if holds else LACKS


def _lines(found: Examination, require: Requirement) -> Iterator[str]:
    yield f"Isolation here: {found.isolation} ({', '.join(found.layers) or 'no layers'})"
    yield ""
    places: dict[str, list[Check]] = {}
    for check in found.checks:
        places.setdefault(check.name.partition(": ")[0], []).append(check)
    for place, checks in places.items():
        yield from _place(_PLACES[place], checks)
    yield ""
    user = {"root": ", as root", "ordinary": ", as an ordinary user"}.get(found.facts.get("user", ""), "")
    yield from _wrapped("  on", f"{found.facts['system']}, Python {found.facts['python']}{user}")
    if found.floor != "none":
        yield from _wrapped("  floor", f"{found.floor}: the administrator's file lets nobody ask for less")
    if not found.satisfies(require):
        yield from _wrapped("  required", f"{require}, which does not hold")


def _place(title: str, checks: Sequence[Check]) -> Iterator[str]:
    """Write the layers of one place on a line, its attacks on another, and in full only checks that did not hold."""
    names = {check: check.name.partition(": ")[2] for check in checks}
    attacks = [check for check in checks if names[check].startswith("canary ")]
    failed = [check for check in checks if not check.holds]
    holds = all(check.holds for check in checks)
    sign = _SIGNS[holds or (None if all(check.holds is None for check in failed) else False)]
    if attacks:
        layers = [names[check] for check in checks if check.holds and " " not in names[check]]
        stopped = sum(check.holds is True for check in attacks)
        yield from _wrapped(f"  {sign} {title}", ", ".join(layers))
        right = " and a right submission is graded" if checks[-1].holds else ""
        yield from _wrapped("", f"{stopped} of {len(attacks)} attacks are stopped{right}")
        for check in failed:
            yield from _wrapped("", f"✗ {names[check].removeprefix('canary ').replace('_', ' ')}: {check.detail}")
    else:
        yield from _wrapped(f"  {sign} {title}", failed[0].detail)
    for check in failed:
        if check.remedy:
            yield f"{_INDENT}{check.remedy}"  # in one line, to be copied


def _wrapped(head: str, text: str) -> list[str]:
    return textwrap.wrap(text, 80, initial_indent=head.ljust(len(_INDENT)), subsequent_indent=_INDENT, break_on_hyphens=False)
