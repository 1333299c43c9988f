"""
Explain where YAML reads a text otherwise than its author meant it, and how to write it instead.

Every function returns a line, what is wrong and what to do, as `Faults.add` takes them, or the last two alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from grader.exercise.loading.yaml_nodes import YamlNode, YamlScalar

Advice: TypeAlias = tuple[int, str, str]

_NOT_PRINTABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_NUMBER = re.compile(r"[-+]?(\d[\d_,]*\.?\d*|\.\d+)([eE][-+]?\d+)?")
_DECIMAL = re.compile(
    "(?P<sign>[-+\u2212\u2013]?)(?P<whole>[0-9]*)(?P<point>\\.?)(?P<decimals>[0-9]*)(?:(?P<e>[eE])([-+]?)([0-9]+))?"
)  # a decimal number as people write it, with any minus sign
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d*)?([eE][-+]\d+)?")

# Escapes that YAML takes for LaTeX commands' first letters: \tanh is a tab and "anh". Only commands that occur are listed for \n.
_ESCAPED = re.compile(r"\\(?:\\|(n(?:abla|u|eq?|eg|i|ot|otin)(?![A-Za-z])|[abeftrvNLP_0][A-Za-z]*))")
_LATEX_REMEDY = (
    "In double quotes YAML reads `\\` as an escape. Use single quotes, or a block: `statement: |` and the text indented below."
)

_FLOW_REMEDY = "Inside { } and [ ] a formula or call needs quotes; or write one entry a line, without the braces."
_STARTS = {
    "[": "`[`, which YAML reads as a list",
    "{": "`{`, which YAML reads as a mapping",
    "*": "`*`, which YAML reads as an alias",
    "&": "`&`, which YAML reads as an anchor",
    "!": "`!`, which YAML reads as a tag",
    "%": "`%`, which YAML reads as a directive",
    "@": "`@`, which YAML keeps for itself",
    "`": "a backtick, which YAML keeps for itself",
    ">": "`>`, which YAML reads as a folded block of text",
    "|": "`|`, which YAML reads as a block of text",
    "?": "`?`, which YAML reads as a key",
    "-": "`- `, which YAML reads as an item of a list",
    "'": "a quote, which YAML reads as text up to the next quote",
    '"': "a quote, which YAML reads as text up to the next quote",
}


def quoted(text: str) -> str:
    """Put a text in quotes that leave it as it is."""
    if "'" in text and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"


def in_quotes(name: str, value: str) -> str:
    """Advise to put the value of a key in quotes."""
    return f"Put the whole value in quotes: {name}: {quoted(value)}." if len(value) < 100 else "Put the whole value in quotes."


def is_plain_number(text: str) -> bool:
    """Tell whether every reader of YAML takes the text for the number that a person sees in it."""
    return _PLAIN_NUMBER.fullmatch(text) is not None


def stray_character(text: str, first_line: int = 1) -> Advice | None:
    """Find the first control character, odd line separator or byte order mark: nobody sees them, and readers of YAML differ."""
    found = _NOT_PRINTABLE.search(text)
    if not found:
        return None
    line = text.count("\n", 0, found.start()) + first_line
    return (
        line,
        f"It holds the invisible character U+{ord(found[0]):04X}.",
        "Delete it; an editor may show it as a box or not at all.",
    )


def misread_number(scalar: YamlScalar) -> tuple[str, str]:
    """Say what YAML makes of something that looks like a number, and how to write it."""
    text = scalar.text
    if scalar.style != "plain":
        return f'the text "{text}", not a number', "Remove the quotes."
    if scalar.kind == "text" and (seen := _DECIMAL.fullmatch(text)) and any(seen.group("whole", "decimals")):
        return f'the text "{text}", not a number', _missing(seen)
    if scalar.kind in ("integer", "number"):
        seen = _DECIMAL.fullmatch(text)
        is_octal = re.fullmatch(r"[-+]?0\d+", text) is not None
        remedy = f"Write {_in_full(seen)}." if seen and not is_octal else "Write it in plain decimal digits."
        return f"written as {text}, {_read_as(text)}", remedy
    if scalar.kind == "truth":
        return f"{read_as_truth(text)}, not as a number", "Write a number."
    if scalar.kind == "nothing":
        return "empty", "Write a number after the colon, or leave the line out."
    if "," in text and _NUMBER.fullmatch(text):
        return f'the text "{text}", not a number', "Write the decimal point as a point, and no separators."
    return f'the text "{text}", not a number', _instead_of(text)


def _missing(seen: re.Match[str]) -> str:
    """Say what YAML 1.1 needs in order to read this text as the number that a person sees, and how to write it."""
    sign, whole, point, _, _, exponent_sign, _ = seen.groups()
    needs = [
        ("a plain minus sign", sign not in ("", "-", "+")),
        ("a digit before the point", not whole),
        ("a decimal point", not point),
        ("a sign in the exponent", exponent_sign == ""),
    ]
    missing = next((what for what, is_missing in needs if is_missing), "plain decimal digits")
    return f"YAML 1.1 needs {missing}: write {_in_full(seen)}."


def _in_full(seen: re.Match[str]) -> str:
    """Write a decimal number so that every reader of YAML takes it for one."""
    sign, whole, point, decimals, exponent, exponent_sign, digits = seen.groups()
    fraction = point or ("." if exponent else "")
    mantissa = f"{whole.lstrip('0') or '0'}{fraction}{decimals or ('0' if exponent and not point else '')}"
    return f"{'' if sign in ('', '+') else '-'}{mantissa}{f'e{exponent_sign or chr(43)}{digits}' if exponent else ''}"


def _instead_of(text: str) -> str:
    """Say what to write instead of a text that is no number in any spelling, though a person may see one."""
    if re.fullmatch(r"[-+]?(inf|infinity|nan)", text.lower()):
        return "Write a finite number."
    if found := re.fullmatch(r"(-?)(\d{1,9}) ?/ ?(\d{1,9})", text, re.ASCII):
        below = int(found[3])
        return f"Write the number itself: {found[1]}{int(found[2]) / below}." if below else "Write a number."
    if found := re.fullmatch(r"(\d{1,9}) ?%", text, re.ASCII):
        return f"Write the number itself: {int(found[1]) / 100}."
    if re.search(r"\d ?(\*|\^)|\w\(|\bpi\b|\u03c0", text) or text in ("e", "-e"):
        return "No formula is read here: write the number that it comes to."
    if re.fullmatch(r"[-+]?\d*([ '\u2009\u202f\u00a0.,]\d+)+", text, re.ASCII):
        return "Write the decimal point as a point, and no separators."
    return "Write a number."


def _read_as(text: str) -> str:
    if ":" in text:
        return "which YAML 1.1 reads in base 60, as hours and minutes"
    if "_" in text:
        return "which YAML 1.1 reads without its underscores, and other readers as text"
    if re.fullmatch(r"[-+]?0[0-7]+", text):
        return "which YAML 1.1 reads in base 8"
    if re.fullmatch(r"[-+]?0[xb].*", text):
        return "which YAML 1.1 reads in base 16 or 2"
    return "which readers of YAML read differently"


def read_as_truth(text: str) -> str:
    """Say how YAML reads `yes` and similar words."""
    return f"`{text}`, which YAML reads as {_truth(text)}"


def _truth(text: str) -> str:
    return "true" if text.lower() in ("yes", "on", "true") else "false"


def misread_text(scalar: YamlScalar) -> tuple[str, str] | None:
    """Say what is wrong with a value that should be a text; None if it is one."""
    if scalar.kind == "truth":
        return read_as_truth(scalar.text), f"Put it in quotes: {quoted(scalar.text)}."
    if scalar.kind == "nothing" or not scalar.text.strip():
        if scalar.after:
            return f"empty: what follows `#` is a comment: {scalar.after}", f"Put it in quotes: {quoted(scalar.after)}."
        return "empty", "Write it after the colon, or leave the line out."
    return None


def cut_by_comment(scalar: YamlScalar) -> bool:
    """Tell whether a text was cut at ` #` by mistake: a real comment has a space after `#`."""
    return bool(re.match(r"#[^\s#!-]", scalar.after))


def misread_key(key: YamlScalar) -> Advice:
    """Say how YAML reads a key that is no name to it."""
    if key.kind == "truth":
        what = f"the key `{key.text}` is read by YAML as {_truth(key.text)}, not as a name"
    elif key.kind == "nothing":
        return key.line, "a key is empty.", "Write a name before the colon."
    elif key.kind == "merge":
        return key.line, "the key `<<` merges mappings in some readers of YAML only.", "Write the keys out."
    else:
        what = f"the key `{key.text}` is read by YAML as a {'date' if key.kind == 'date' else 'number'}, not as a name"
    return key.line, f"{what}.", f"Use another name, or put it in quotes: {quoted(key.text)}."


def is_cut(node: YamlNode) -> bool:
    """Tell whether a plain value ends in the middle of brackets or of a quoted text."""
    text = getattr(node, "text", "")
    if getattr(node, "style", "") != "plain":
        return False
    return (
        any(text.count(a) > text.count(b) for a, b in ("()", "[]", "{}")) or text.count("'") % 2 == 1 or text.count('"') % 2 == 1
    )


def split_at_commas(name: str, whole: YamlScalar) -> Advice:
    """Say that a formula without quotes inside { } is split at its commas."""
    first = whole.text.split(",")[0]
    what = f"{name} is split at its commas: inside {{ }} YAML ends it after `{first}`."
    return whole.line, what, in_quotes(name, whole.text)


def escaped_latex(source: str, line: int) -> Iterator[Advice]:
    """Find LaTeX commands in double quotes whose backslash and first letter YAML takes for one character."""
    for found in _ESCAPED.finditer(source):
        if found[1]:
            at = line + source.count("\n", 0, found.start())
            became = {"t": "a tab", "n": "a line break"}.get(found[1][0], "a control character")
            yield at, f"`\\{found[1]}` in double quotes becomes {became} and `{found[1][1:]}`.", _LATEX_REMEDY


def misread_start(line: int, lines: Sequence[str], sign: str, name: str) -> Advice:
    """Say how YAML reads a value that starts with `!`, `&` or `*`."""
    kind = {"!": "a tag", "&": "an anchor that no alias refers to", "*": "an alias of a value that is nowhere above"}[sign]
    remedy = f"A value that starts with `{sign}` needs quotes."
    return bad_start(line - 1, lines) or (line, f"`{sign}{name}` is read by YAML as {kind}.", remedy)


def missing_space(text: str) -> tuple[str, str] | None:
    """Say that a space is missing after a colon, where `n:2..6` is one text; None for any other text."""
    found = re.match(r"\s*([A-Za-z_]\w*):(\S+)", text)
    return (
        (f"`{found[1]}:{found[2]}` is one text to YAML", f"A space is missing after the colon: `{found[1]}: {found[2]}`.")
        if found
        else None
    )


# Syntax errors. PyYAML's two parsers word them differently; the line itself shows what helps the author.


def explain(error: Any, lines: Sequence[str]) -> Advice:
    """Turn a syntax error of PyYAML into a line, what is wrong and what to do."""
    context, problem = error.context or "", error.problem or ""
    at, column = error.problem_mark.line, error.problem_mark.column
    since = error.context_mark.line if error.context_mark else at
    for number in (at, since):
        if re.match(r" *\t", _line(lines, number)):
            return number + 1, "This line is indented with a tab.", "YAML takes spaces only: indent with two spaces."
    if "quoted scalar" in context:
        return _in_quotes(problem, since, at, lines)
    if "flow" in context:
        return since + 1, "A list or mapping that starts here with [ or { is not closed properly.", _FLOW_REMEDY
    if "simple key" in context:
        return _no_colon(since, lines)
    return bad_start(at, lines) or _bad_colon(at, column, problem, lines) or (at + 1, f"It is not YAML: {problem}.", _LOOK)


_LOOK = "Look at this line and the one above it: indentation, quotes, brackets, the space after each colon."


def _line(lines: Sequence[str], number: int) -> str:
    return lines[number] if number < len(lines) else ""


def _in_quotes(problem: str, since: int, at: int, lines: Sequence[str]) -> Advice:
    if "escape" in problem or "hex" in problem:
        found = re.search(r"\\[A-Za-z]+", _line(lines, at).replace("\\\\", ""))
        return at + 1, f"`{found[0] if found else chr(92)}` in double quotes is not an escape that YAML knows.", _LATEX_REMEDY
    return (
        since + 1,
        "The quote that opens here is never closed.",
        "Close it; a quote inside a text in single quotes is written twice: ''.",
    )


def _no_colon(number: int, lines: Sequence[str]) -> Advice:
    row = _line(lines, number)
    advice = missing_space(row)
    if advice:
        return number + 1, f"{advice[0]}.", advice[1]
    remedy = "Each line is `name: value`. The text of a block (`statement: |`) is indented below its key."
    return number + 1, f"`{row.strip()}` has no colon, so it is no entry.", remedy


def bad_start(number: int, lines: Sequence[str]) -> Advice | None:
    """Say that the first character of a value means something else to YAML; None if it does not."""
    found = re.match(r"\s*(?:- )?([^:#]+?):\s+(\S.*)", _line(lines, number))
    if not found or found[2][0] not in _STARTS or (found[2][0] == "-" and found[2][1:2] != " "):
        return None
    name, value = found[1], re.sub(r"\s+#.*", "", found[2])
    what = f"{name} starts with {_STARTS[value[0]]}."
    if value[0] in "'\"" and len(value) > 1 and value[-1] == value[0]:
        value = value[1:-1]  # quotes are there, and one inside ends them
    return number + 1, what, in_quotes(name, value)


def _bad_colon(number: int, column: int, problem: str, lines: Sequence[str]) -> Advice | None:
    """Say that a colon is out of place: inside a text, or after a line that already had its value."""
    row, above = _line(lines, number), _above(lines, number)
    inside = re.match(r"(\s*(?:- )?[^:#]+?:\s+)(\S.*)", row)
    if "values are not allowed" in problem:
        if inside and column >= len(inside[1]):
            name, value = inside[1].strip().lstrip("- ").rstrip(":"), re.sub(r"\s+#.*", "", inside[2])
            return (
                number + 1,
                f"{name} holds `: `, which YAML reads as another key.",
                in_quotes(name, value),
            )
        if above is not None:
            advice = missing_space(lines[above])
            if advice:
                return above + 1, f"{advice[0]}.", advice[1]
            return (
                number + 1,
                "This line is indented deeper than the one above it, which has its value already.",
                "Indent both alike.",
            )
    if "expected key" in problem or "block end" in problem:
        return (
            number + 1,
            "The indentation of this line matches no entry above it.",
            "Indent entries of the same level alike, with spaces.",
        )
    return None


def _above(lines: Sequence[str], number: int) -> int | None:
    """Return the nearest line above that is neither empty nor a comment."""
    return next((n for n in range(number - 1, -1, -1) if lines[n].strip() and not lines[n].lstrip().startswith("#")), None)
