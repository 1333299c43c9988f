"""Write the derivative that a target asks for as MathML, which browsers typeset by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.exercise.model import JVP, VJP, Hessian, quantities
from grader.render.markup import Markup, text

if TYPE_CHECKING:
    from grader.exercise.model import Kind
    from grader.outcome import TargetReport


def mathml(report: TargetReport, kind: Kind | None) -> Markup:
    """
    Write ∂Y/∂W, with its factors; for a value the quantity itself.

    `kind` knows the names of other variables: without it, nothing is written for a Hessian or a JVP.
    """
    of, wrt = (f"<mi>{text(name)}</mi>" for name in (report.of, report.wrt or ""))
    if report.wrt is None:
        return _math(of)
    partial = "<mo>∂</mo>"
    if report.kind == "hessian":
        if not isinstance(kind, Hessian):
            return Markup("")
        above = f"<mrow><msup>{partial}<mn>2</mn></msup>{of}</mrow>"
        if kind.other != kind.wrt:
            return _math(f"<mfrac>{above}<mrow>{partial}{wrt}{partial}<mi>{text(kind.other)}</mi></mrow></mfrac>")
        return _math(f"<mfrac>{above}<mrow>{partial}<msup>{wrt}<mn>2</mn></msup></mrow></mfrac>")
    fraction = f"<mfrac><mrow>{partial}{of}</mrow><mrow>{partial}{wrt}</mrow></mfrac>"
    if report.kind == "vjp" and isinstance(kind, VJP):
        return _math("<mo>+</mo>".join(_through(of, kind.wrt) for of in quantities(kind)))
    if report.kind == "vjp":
        return _math(_through(report.of, report.wrt))
    if report.kind == "jvp":
        return _math(f"{fraction}<mi>{text(kind.tangent)}</mi>") if isinstance(kind, JVP) else Markup("")
    return _math(fraction)


def _through(of: str, wrt: str) -> str:
    """Write ∂L/∂of · ∂of/∂wrt."""
    partial, middle = "<mo>∂</mo>", f"<mi>{text(of)}</mi>"
    left = f"<mfrac><mrow>{partial}<mi>L</mi></mrow><mrow>{partial}{middle}</mrow></mfrac>"
    return f"{left}<mfrac><mrow>{partial}{middle}</mrow><mrow>{partial}<mi>{text(wrt)}</mi></mrow></mfrac>"


def _math(content: str) -> Markup:
    return Markup(f'<math displaystyle="true">{content}</math>')
