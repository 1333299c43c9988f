r"""
Show Markdown with LaTeX as text for a terminal or a docstring: `$\frac{\partial Y_k}{\partial W_{ij}}$` reads ∂Y_k/∂W_ij.

It is a reading aid, no typesetting: unknown commands lose their backslash, and stay.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata

_WIDE = "\u2003"  # stands for a wide space until single ones are put in order
_SYMBOLS = {
    "partial": "∂", "nabla": "∇", "sum": "Σ", "prod": "Π", "int": "∫", "infty": "∞", "times": "×", "cdot": "·", "odot": "⊙",
    "otimes": "⊗", "dots": "...", "ldots": "...", "cdots": "...", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠",
    "neq": "≠", "approx": "≈", "to": "→", "rightarrow": "→", "mapsto": "↦", "in": "∈", "pm": "±", "sqrt": "√", "top": "ᵀ",
    "quad": _WIDE, "qquad": _WIDE, "lVert": "‖", "rVert": "‖", "ell": "ℓ",
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "eta": "η", "theta": "θ",
    "lambda": "λ", "mu": "μ", "nu": "ν", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "varphi": "φ", "chi": "χ",
    "psi": "ψ", "omega": "ω", "Delta": "Δ", "Sigma": "Σ", "Phi": "Φ", "Omega": "Ω", "Lambda": "Λ",
}  # fmt: skip
_TIGHT = frozenset({"partial", "nabla", "sqrt"})  # `\partial Y` is ∂Y
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
# `$x$`, but not "between $5 and $6": no space inside the dollars, no digit after them
_MATHS = re.compile(r"\$\$(.+?)\$\$|\$(?!\s)([^$\n]+(?:\n[^$\n]+)*)(?<!\s)\$(?!\d)", re.DOTALL)
_ACCENTS = {
    "hat": "\u0302", "widehat": "\u0302", "bar": "\u0304", "overline": "\u0304", "tilde": "\u0303", "widetilde": "\u0303",
    "vec": "\u20d7", "dot": "\u0307", "ddot": "\u0308", "underline": "\u0332",
}  # fmt: skip
_MARKS = "".join(_ACCENTS.values())
_ACCENTED = rf"\\({'|'.join(_ACCENTS)})(?:\s*\{{(\w+|\\[A-Za-z]+)\}}|\s+(\w)|\s*(\\[A-Za-z]+))"
_SIZES = r"\\(?:(?:left|right|middle)(?![A-Za-z])\.?|[bB]igg?[lrm]?(?![A-Za-z]))\s*"
_BRACED = r"\{([^{}]*)\}"
_PART = r"(?:\{([^{}]*)\}|((?!\\(?:sqrt|[dt]?frac)(?![A-Za-z]))\\[A-Za-z]+|\w))"  # part of a fraction: `\frac12` needs no braces
_FRACTION = rf"\\[dt]?frac(?![A-Za-z])\s*{_PART}\s*{_PART}"
# One thing, with its index, power and argument: what may stand below a stroke without brackets
_AT = r"_(?:\w+|\([^()]*\))|\^(?:\w|\\[A-Za-z]+|\([^()]*\))"
_THING = rf"(?:\\[A-Za-z]+|[\d.]+|[^\W\d_]+)(?:{_AT}|[²³¹⁰⁴-⁹⁻'{_MARKS}])*(?:\([^()]*\))?"


def as_text(markdown: str, width: int = 80) -> str:
    r"""
    Write formulas in plain characters, displayed ones on lines of their own, and wrap paragraphs to the width.

    >>> as_text(r"$Y_i = \sum_{j=1}^{n} W_{ij} X_j$, so $\frac{\partial Y_i}{\partial X_j} = W_{ij}$")
    'Y_i = Σ(j=1..n) W_ij X_j, so ∂Y_i/∂X_j = W_ij'
    >>> as_text(r"$1 - \tanh^2(z) = \frac{1}{\cosh^{2}(z)}$, `$HOME`")
    '1 - tanh²(z) = 1/cosh²(z), `$HOME`'
    """
    pieces = re.split(r"(```.*?```|`[^`\n]*`)", markdown, flags=re.DOTALL)
    text = "".join(piece if piece.startswith("`") else _MATHS.sub(_formula, piece) for piece in pieces)
    text = unicodedata.normalize("NFC", text)
    return "\n\n".join(_wrapped(paragraph.strip("\n"), width) for paragraph in re.split(r"\n[ \t]*\n", text) if paragraph.strip())


def _wrapped(paragraph: str, width: int) -> str:
    """Wrap a paragraph to a width; lists, tables and code stay as they are."""
    if paragraph.startswith("    "):
        return "\n".join(_broken(line, width) for line in paragraph.splitlines())
    if re.match(r"\s{2,}|[-*+|#>`]|\d+\.", paragraph):
        return paragraph
    return textwrap.fill(paragraph.strip(), width, break_long_words=False, break_on_hyphens=False)


def _broken(line: str, width: int) -> str:
    """Break a displayed line that is too long at each of its wide spaces."""
    return line if len(line) <= width else re.sub(r"(?<=\S)   (?=\S)", "\n    ", line)


def _formula(found: re.Match[str]) -> str:
    if found[1] is not None:
        lines = (_spaced(line) for line in _plain(found[1]).splitlines())
        return "\n\n" + "\n".join(f"    {line}" for line in lines if line) + "\n\n"
    return _spaced(_plain(found[2]).replace("\n", "; "))


def _spaced(line: str) -> str:
    return re.sub(f" *{_WIDE}[ {_WIDE}]*", "   ", re.sub(r"[ \n]+", " ", line)).strip()


def _plain(source: str) -> str:
    text = " ".join(source.split()).replace("\\\\", "\n").replace("&", " ").replace("\\{", "⦃").replace("\\}", "⦄")
    text = re.sub(rf"\\(?:begin|end)\{{[^{{}}]*\}}|\\!|{_SIZES}", "", text.replace("\\|", "‖"))
    text = re.sub(r"\\[,;:> ]", " ", text)
    text = re.sub(r"\\(?:math\w+|boldsymbol|text\w*|operatorname\*?)\s*" + _BRACED, r"\1", text)
    text = re.sub(_ACCENTED, _accented, text)
    text = re.sub(r"\\(sum|prod)_" + _BRACED + r"\^(?:" + _BRACED + r"|(\w))", _range, text)
    for _ in range(8):  # from the innermost braces outwards
        before = text
        text = re.sub(r"\\sqrt\s*" + _BRACED, lambda part: f"\\sqrt {_grouped(part[1])}", text)
        text = re.sub(_FRACTION, _fraction, text)
        text = re.sub(r"\^\s*" + _BRACED, _power, text)
        text = re.sub(r"_\s*" + _BRACED, lambda part: f"_{_grouped(part[1])}", text)
        text = re.sub(r"\\(?![dt]?frac|sqrt)([A-Za-z]+)" + _BRACED, _applied, text)
        text = re.sub(r"(?<!frac)(?<!sqrt)(?<![}^_])" + _BRACED, r"\1", text)
        if text == before:
            break
    text = re.sub(r"\^(\d)", lambda digit: digit[1].translate(_RAISED), text)
    text = re.sub(r"\\([A-Za-z]+)( ?)(?=(.?))", _command, text)
    return text.replace("∂² ", "∂²").replace("^ᵀ", "ᵀ").replace("⦃", "{").replace("⦄", "}").replace("'", "′")


def _applied(found: re.Match[str]) -> str:
    r"""Write an argument in brackets: `\sin{x}` is sin(x); a symbol takes no argument."""
    return f"\\{found[1]} {found[2]}" if found[1] in _SYMBOLS else f"\\{found[1]}({found[2]})"


def _range(found: re.Match[str]) -> str:
    """Write a sum's bounds: Σ(j=1..n)."""
    return f"{_SYMBOLS[found[1]]}({found[2]}..{found[3] or found[4]})"


def _accented(found: re.Match[str]) -> str:
    """Put the accent on every letter; leave it out for a command that is no letter."""
    under = found[2] or found[3] or found[4]
    if under.startswith("\\"):
        return f"{_SYMBOLS[under[1:]]}{_ACCENTS[found[1]]}" if under[1:] in _SYMBOLS else under
    return "".join(letter + _ACCENTS[found[1]] for letter in under)


def _fraction(found: re.Match[str]) -> str:
    """Write a fraction, with a blank where its neighbour would read as part of it."""
    before, after = found.string[: found.start()][-1:], found.string[found.end() :][:1]
    above, below = (found[part] if found[part] is not None else found[part + 1] for part in (1, 3))
    lead = " " if re.match(r"[^\W_]|[)'‖]", before) else ""
    tail = " " if re.match(r"[\w\\(]", after) else ""
    return f"{lead}{_operand(above)}/{_operand(below, is_below=True)}{tail}"


def _operand(text: str, *, is_below: bool = False) -> str:
    """Put a numerator or denominator in brackets if it is more than one thing; a product may stand above the stroke."""
    bare = re.sub(r"\\partial(?:\^\w|²)? |^\s*\\sqrt (\([^()]*\)$)?", "", text.strip())
    is_one = not bare or re.fullmatch(rf"{_THING}|\([^()]*\)" if is_below else rf"[\\\w{{}}^(){_MARKS}]*|\([^()]*\)", bare)
    return text.strip() if is_one else f"({text.strip()})"


def _grouped(text: str) -> str:
    """Put what stands under a root or in an index in brackets if it is more than one word: P_(i t_i)."""
    return text.strip() if re.fullmatch(r"\\?\w+", text.strip()) else f"({text.strip()})"


def _power(found: re.Match[str]) -> str:
    text = found[1].strip()
    if re.fullmatch(r"-?\d+", text):
        return text.translate(_RAISED)
    return f"^{text}" if re.fullmatch(r"\w|\\[A-Za-z]+", text) else f"^({text})"


def _command(found: re.Match[str]) -> str:
    name, space, after = found.groups()
    if name in _SYMBOLS:
        return _SYMBOLS[name] + ("" if name in _TIGHT else space)
    return name + (space if after not in "(^_" else "")  # `\sin x` needs the space that `\sin (x)` does not
