"""`doctor`: which protections hold on this machine."""

from __future__ import annotations

import json

import click

HOLDS, LACKS = 0, 1


@click.command("doctor", epilog="\b\nExample:\n  $ grader doctor --require seccomp")
@click.option("--json", "as_json", is_flag=True, help="Print the examination as JSON.")
@click.option("--require", type=click.Choice(["strict", "seccomp"]), default="strict", help="What has to hold for exit status 0.")
def command_doctor(*, as_json: bool, require: str) -> int:
    """
    Say which protections hold here, and the command that adds a missing one.

    The real sandbox is started, and attacks are tried in it beside a right submission. Exit status: 0 when what is
    required holds, else 1.
    """
    from grader.sandbox.doctor import examine

    found = examine()
    holds = found.isolation == "strict" if require == "strict" else "seccomp" in found.layers
    if as_json:
        checks = [
            {"name": check.name, "holds": check.holds, "detail": check.detail, "remedy": check.remedy} for check in found.checks
        ]
        data = {
            "isolation": found.isolation,
            "layers": list(found.layers),
            "floor": found.floor,
            "required": require,
            "holds": holds,
            "checks": checks,
            "facts": dict(found.facts),
        }
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
        return HOLDS if holds else LACKS
    for check in found.checks:
        sign = {True: "✓", False: "✗", None: "-"}[check.holds]
        click.echo(f"  {sign} {check.name}" + (f": {check.detail}" if check.detail else ""))
        if check.remedy and not check.holds:
            click.echo(f"      {check.remedy}")
    click.echo(f"Isolation here: {found.isolation} ({', '.join(found.layers) or 'no layers'}).")
    return HOLDS if holds else LACKS
