"""Convert nodes of the tree to typed values. Each function returns None after noting what is wrong."""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Sequence

from grader.exercise.formula import CONSTANTS, FUNCTIONS, Formula, FormulaError, parse
from grader.exercise.loading import traps
from grader.exercise.loading.faults import Faults, closest, listed, suggestion
from grader.exercise.loading.yaml_nodes import YamlList, YamlMapping, YamlNode, YamlScalar

MAX_DIGITS = 40  # digits of a number; Python refuses to read integers with thousands of them
RESERVED = ("scale", "set", "scalar", "like")  # words of the format


def as_fields(node: YamlNode, place: str, faults: Faults, *, remedy: str) -> YamlMapping | None:
    """Return a node as a mapping."""
    match node:
        case YamlMapping():
            return node
        case YamlScalar():
            advice = traps.missing_space(node.text)
            if advice:
                faults.add(node.line, f"{place}: {advice[0]}.", advice[1])
            elif node.kind == "nothing" or not node.text:
                faults.add(node.line, f"{place} is empty.", remedy)
            else:
                faults.add(node.line, f"{place} is {_described(node)}, not a mapping.", remedy)
        case YamlList():
            faults.add(node.line, f"{place} is a list, not a mapping.", remedy)
    return None


def as_items(node: YamlNode, place: str, faults: Faults, *, remedy: str) -> tuple[YamlNode, ...] | None:
    """Return the nodes of a list."""
    if isinstance(node, YamlList):
        return node.nodes
    is_empty = isinstance(node, YamlScalar) and node.kind == "nothing"
    faults.add(node.line, f"{place} is {'empty' if is_empty else f'{_described(node)}, not a list'}.", remedy)
    return None


def entries(
    fields: YamlMapping, place: str, faults: Faults, *, required: Sequence[str] = (), optional: Sequence[str] = ()
) -> dict[str, YamlNode]:
    """Return the values of a mapping by key, and note unknown and missing keys. `place` is empty at the top of a file."""
    known = (*required, *optional)
    found = {key.text: value for key, value in fields if key.text in known}
    for key, value in fields:
        if key.text not in known:
            advice = traps.missing_space(key.text)
            meant = None if advice else closest(key.text, [name for name in known if name not in found])
            if meant:
                found[meant] = value  # read on as if it were spelled right, so that other faults show at once, and no false ones
            remedy = advice[1] if advice else f"{f'Did you mean `{meant}`? ' if meant else ''}Keys here: {listed(known)}."
            faults.add(key.line, f"{_at(place)}`{key.text}` is not a key.", remedy)
    wanted = [f"`{name}`" for name in required if name not in found]
    if wanted:
        what = f"the key {wanted[0]} is missing" if len(wanted) == 1 else f"the keys {listed(wanted)} are missing"
        first = "The file begins with `schema: 1`. " if "`schema`" in wanted else ""
        faults.add(fields.line, f"{_at(place)}{what}.", f"{first}Keys here: {listed(known)}.")
    return found


_TEXT_REMEDY = "Text that starts with [ or {, or holds `: `, needs quotes."


def as_text(node: YamlNode, place: str, faults: Faults, *, remedy: str = _TEXT_REMEDY, is_line: bool = False) -> str | None:
    """Return a text that is not empty, on one line if `is_line`; `remedy` is advised for a list or mapping."""
    if not isinstance(node, YamlScalar):
        faults.add(node.line, f"{place} is a {'list' if isinstance(node, YamlList) else 'mapping'}, not text.", remedy)
        return None
    advice = traps.misread_text(node)
    if advice is None and node.kind != "text":
        advice = (f"{node.text}, which YAML does not read as text", f"Put it in quotes: {traps.quoted(node.text)}.")
    if advice:
        faults.add(node.line, f"{place} is {advice[0]}.", advice[1])
        return None
    if traps.cut_by_comment(node):
        whole = f"{node.text} {node.after}"
        remedy = f"Put the text in quotes: {traps.quoted(whole)}. A comment has a space after its #."
        faults.add(node.line, f"{place} ends before ` #`: YAML takes `{_short(node.after)}` for a comment.", remedy)
    if is_line:
        return " ".join(node.text.split())
    # Tabs and spaces at line ends mean nothing, and could only be written back in double quotes.
    return "\n".join(line.rstrip() for line in node.text.expandtabs(4).split("\n")).strip("\n")


def as_number(node: YamlNode, place: str, faults: Faults) -> float | None:
    """Return a finite number; whole numbers are int."""
    if not isinstance(node, YamlScalar):
        faults.add(
            node.line, f"{place} is a {'list' if isinstance(node, YamlList) else 'mapping'}, not a number.", "Write one number."
        )
        return None
    if (
        node.style == "plain"
        and node.kind in ("integer", "number")
        and traps.is_plain_number(node.text)
        and len(node.text) <= MAX_DIGITS
    ):
        return int(node.text) if node.kind == "integer" else float(node.text)
    if re.fullmatch(r"[-+]?\.(inf|nan)", node.text.lower()) or (traps.is_plain_number(node.text) and len(node.text) > MAX_DIGITS):
        faults.add(node.line, f"{place} is {_short(node.text)}.", "Write a finite number of a few digits.")
        return None
    what, remedy = traps.misread_number(node)
    faults.add(node.line, f"{place} is {what}.", remedy)
    return None


def in_range(
    node: YamlNode, place: str, faults: Faults, *, low: float, high: float, above: bool = False, whole: bool = False
) -> float | None:
    """Return a number from low to high; `above`: greater than low. Only whole numbers if `whole`."""
    value = as_number(node, place, faults)
    if value is None:
        return None
    fits = (low < value if above else low <= value) and value <= high and (not whole or isinstance(value, int))
    if not fits or not math.isfinite(value):
        kind = "a whole number" if whole else "a number"
        bounds = f"above {low} and at most {high}" if above else f"from {low} to {high}"
        faults.add(node.line, f"{place} is {_written(node)}.", f"Write {kind} {bounds}.")
        return None
    return value


def as_choice(node: YamlNode, place: str, options: Sequence[str], faults: Faults) -> str | None:
    """Return one of a few words."""
    if isinstance(node, YamlScalar) and node.text in options:
        return node.text
    if isinstance(node, YamlScalar) and node.kind == "truth":
        faults.add(node.line, f"{place} is {traps.read_as_truth(node.text)}.", f"It is one of: {listed(options)}.")
        return None
    value = as_text(node, place, faults)
    if value is not None:
        hint = f"{suggestion(value, options)} It is one of: {listed(options)}.".strip()
        faults.add(node.line, f'{place} is "{_short(value)}".', hint)
    return None


def as_formula(node: YamlNode, place: str, faults: Faults) -> Formula | None:
    """Parse a formula. Its text is taken as written: what YAML calls a number does not matter here."""
    if not isinstance(node, YamlScalar):
        kind, sign = ("a list", "[") if isinstance(node, YamlList) else ("a mapping", "{")
        faults.add(node.line, f"{place} is {kind} to YAML, not a formula.", f"A formula that starts with `{sign}` needs quotes.")
        return None
    advice = traps.misread_text(node) if node.style == "plain" else None
    if advice:
        faults.add(node.line, f"{place} is {advice[0]}.", advice[1])
        return None
    try:
        return parse(node.text)
    except FormulaError as error:
        remedy = error.remedy
        if node.after:
            comment = f"YAML takes ` {_short(node.after)}` for a comment; if it belongs to the formula, put all in quotes."
            remedy = f"{remedy}\n{comment}".strip()
        add_formula_error(node.line, place, error.what, remedy, faults)
        return None


def add_formula_error(line: int, place: str, what: str, remedy: str, faults: Faults) -> None:
    """Note what is wrong with a formula at a place."""
    faults.add(line, f"{place}: {what.rstrip('.')}.", remedy)


def as_name(key: YamlScalar, what: str, faults: Faults, *, is_function: bool = False) -> str | None:
    """Return a name that Python, formulas and students can use. `what` is what it names, as "an input"."""
    name = key.text
    if not name.isidentifier() or not _is_normal(name):
        advice = traps.missing_space(name)
        remedy = advice[1] if advice else "A name is letters, digits and _, and starts with a letter."
        faults.add(key.line, f"`{_short(name)}` cannot be the name of {what}.", remedy)
    elif keyword.iskeyword(name):
        faults.add(
            key.line, f"`{name}` is a word of Python and cannot be the name of {what}.", f"Call it {name}_ or another name."
        )
    elif name.startswith("__"):
        faults.add(key.line, f"`{name}` cannot be the name of {what}.", "Names with two underscores in front are Python's own.")
    elif is_function:
        return name
    elif name in FUNCTIONS:
        faults.add(
            key.line, f"`{name}` is a function of formulas and cannot be the name of {what}.", f"Call it {name}_ or another name."
        )
    elif name in CONSTANTS:
        faults.add(
            key.line,
            f"`{name}` is the number {CONSTANTS[name]:.5g} in formulas and cannot be the name of {what}.",
            "Use another name.",
        )
    elif name in RESERVED:
        faults.add(key.line, f"`{name}` is a word of the format and cannot be the name of {what}.", "Use another name.")
    else:
        return name
    return None


def _is_normal(name: str) -> bool:
    """Tell whether a name is in normal form NFKC, as Python reads it; any other would not be found again."""
    if name.isascii():
        return True
    import unicodedata

    return unicodedata.normalize("NFKC", name) == name


def _at(place: str) -> str:
    return f"{place}: " if place else ""


def _described(node: YamlNode) -> str:
    match node:
        case YamlMapping():
            return "a mapping"
        case YamlList():
            return "a list"
        case YamlScalar(kind="text"):
            return f'the text "{_short(node.text)}"'
        case YamlScalar():
            return node.text


def _written(node: YamlNode) -> str:
    return _short(node.text) if isinstance(node, YamlScalar) else "not one value"


def _short(text: str) -> str:
    """Put a text on one line, and cut it to fit a message."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}..."
