"""Read one target of a task: its kind, what it differentiates and by what, its shape and its points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar, assert_never

from grader.exercise.loading.draft import INPUT, LINE, UPSTREAM, Draft
from grader.exercise.loading.faults import listed, suggestion
from grader.exercise.loading.reading import as_choice, as_fields, as_text, entries, in_range
from grader.exercise.loading.traps import missing_space
from grader.exercise.loading.yaml_nodes import YamlList, YamlNode
from grader.exercise.model import JVP, VJP, Gradient, Hessian, Jacobian, Kind, Layout, Local, Target, Value
from grader.text import shape_text

T = TypeVar("T")

MAX_POINTS = 1_000_000
_REMEDY = "Write its kind, as {jacobian: Y, wrt: W}."

# The keys of each kind beside `points`: required, optional.
_KINDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "value": ((), ()),
    "local": (("wrt",), ("layout",)),
    "gradient": (("wrt",), ()),
    "jacobian": (("wrt",), ("layout",)),
    "vjp": (("wrt", "upstream"), ()),
    "jvp": (("wrt", "tangent"), ()),
    "hessian": (("wrt",), ("and",)),
}
_ALL_KEYS = {"wrt", "upstream", "tangent", "and", "points", "layout", *_KINDS}


def read_target(name: str, node: YamlNode, draft: Draft) -> Target | None:
    """Read a target with its kind and shape, without mistakes; None if something about it is faulty."""
    place, faults = f"target {name}", draft.faults
    fields = as_fields(node, place, faults, remedy=_REMEDY)
    if fields is None:
        return None
    written = [key for key, _ in fields if key.text in _KINDS]
    if len(written) != 1:
        unknown = next((key for key, _ in fields if key.text not in _ALL_KEYS), None)
        advice = missing_space(unknown.text) if unknown else None
        if written or unknown is None:
            what = f"{place} has {f'{len(written)} kinds' if written else 'no kind'}."
            faults.add(fields.line, what, f"{_REMEDY} Kinds: {listed(_KINDS)}.")
        elif advice:
            faults.add(unknown.line, f"{place}: {advice[0]}.", advice[1])
        else:
            remedy = f"{suggestion(unknown.text, _KINDS)} Kinds: {listed(_KINDS)}.".strip()
            faults.add(unknown.line, f"{place}: `{unknown.text}` is not a kind.", remedy)
        return None
    kind = written[0].text
    required, optional = _KINDS[kind]
    found = entries(fields, f"{place}, a {kind}", faults, required=(kind, *required), optional=(*optional, "points"))
    points = (
        in_range(found["points"], f"{place}: points", faults, low=0, high=MAX_POINTS, above=True) if "points" in found else 1.0
    )
    layout = (
        as_choice(found["layout"], f"{place}: layout", ("numerator", "denominator"), faults) if "layout" in found else "numerator"
    )
    if any(key not in found for key in required):
        return None
    listed_pairs = _pairs(found, place, draft) if kind == "vjp" else None
    if kind == "vjp" and listed_pairs is None:
        return None
    words = {
        key: as_text(found[key], f"{place}: {key}", faults, remedy="Write one name.")
        for key in (kind, *required, "and")
        if key in found and not (listed_pairs and key in ("vjp", "upstream"))
    }
    if points is None or layout is None or None in words.values():
        return None
    lines = {key: found[key].line for key in words}
    written_words = {key: word for key, word in words.items() if word is not None}
    if listed_pairs:
        target_kind = _vjp(listed_pairs, written_words["wrt"], found, place, draft)
    else:
        target_kind = _kind(kind, written_words, lines, place, draft)
    if target_kind is None:
        return None
    order: Layout = "denominator" if layout == "denominator" else "numerator"
    axes = target_shape(target_kind, order, {word: draft.axes_of(word) or () for word in words.values() if word})
    return Target(name=name, kind=target_kind, axes=axes, points=float(points), layout=order)


def target_shape(kind: Kind, layout: Layout, shapes: Mapping[str, tuple[T, ...]]) -> tuple[T, ...]:
    """Return the shape of a target, in axes or in sizes, from the shapes of its quantities."""
    match kind:
        case Value() | JVP():
            return shapes[kind.of]
        case Gradient() | VJP():
            return shapes[kind.wrt]
        case Local() | Jacobian():
            of, wrt = shapes[kind.of], shapes[kind.wrt]
            return (*of, *wrt) if layout == "numerator" else (*wrt, *of)
        case Hessian():
            return (*shapes[kind.wrt], *shapes[kind.other])
        case _:
            assert_never(kind)


def _kind(kind: str, words: Mapping[str, str], lines: Mapping[str, int], place: str, draft: Draft) -> Kind | None:
    """Make the kind, and check each of its names; None if one of them is faulty."""
    of, wrt = words[kind], words.get("wrt", "")
    sound = _check_of(of, lines[kind], place, draft)
    for key in ("wrt", "and"):
        if key in words:
            sound = _check_wrt(words[key], of, lines[key], f"{place}: {key}", draft, kind) and sound
    match kind:
        case "value":
            target_kind: Kind = Value(of=of)
        case "local":
            target_kind = Local(of=of, wrt=wrt)
        case "jacobian":
            target_kind = Jacobian(of=of, wrt=wrt)
        case "gradient":
            sound = sound and _check_scalar(of, lines[kind], place, kind, draft)
            target_kind = Gradient(of=of, wrt=wrt)
        case "hessian":
            sound = sound and _check_scalar(of, lines[kind], place, kind, draft)
            target_kind = Hessian(of=of, wrt=wrt, other=words.get("and", wrt))
        case "vjp":
            sound = _check_same_shape(words["upstream"], of, lines["upstream"], f"{place}: upstream", UPSTREAM, draft) and sound
            target_kind = VJP(of=of, wrt=wrt, upstream=words["upstream"])
        case _:
            sound = _check_same_shape(words["tangent"], wrt, lines["tangent"], f"{place}: tangent", INPUT, draft) and sound
            target_kind = JVP(of=of, wrt=wrt, tangent=words["tangent"])
    return target_kind if sound else None


def _pairs(found: Mapping[str, YamlNode], place: str, draft: Draft) -> tuple[tuple[str, str], ...] | None:
    """
    Return the quantities of a vjp with their upstream gradients, if they are lists; () if they are single names.

    Returns None if the lists do not fit each other.
    """
    nodes = {key: found[key] for key in ("vjp", "upstream")}
    if not any(isinstance(node, YamlList) for node in nodes.values()):
        return ()
    remedy = "Write as many gradients as quantities, in their order: {vjp: [h, c], wrt: W, upstream: [dh, dc]}."
    read: dict[str, list[str]] = {}
    for key, node in nodes.items():
        items = node.nodes if isinstance(node, YamlList) else (node,)
        texts = [as_text(item, f"{place}: {key}", draft.faults, remedy="Write names.") for item in items]
        if None in texts:
            return None
        read[key] = [text for text in texts if text is not None]
        if twice := next((name for name in read[key] if read[key].count(name) > 1), None):
            draft.faults.add(node.line, f"{place}: {key} names {twice} twice.", "Name each once.")
            return None
    draft.used |= set(read["upstream"])
    if len(read["vjp"]) != len(read["upstream"]) or not read["vjp"]:
        what = f"{place} has {len(read['vjp'])} quantities and {len(read['upstream'])} upstream gradients."
        draft.faults.add(nodes["upstream"].line, what, remedy)
        return None
    return tuple(zip(read["vjp"], read["upstream"], strict=True))


def _vjp(pairs: Sequence[tuple[str, str]], wrt: str, found: Mapping[str, YamlNode], place: str, draft: Draft) -> Kind | None:
    """
    Make a vjp of several quantities, and check each.

    At least one has to depend on `wrt`; if none does, the fault names the first.
    """
    line, sound = found["vjp"].line, True
    for of, upstream in pairs:
        sound = _check_of(of, line, place, draft) and sound
        sound = _check_same_shape(upstream, of, found["upstream"].line, f"{place}: upstream", UPSTREAM, draft) and sound
    reached = [of for of, _ in pairs if of in draft.lines and of != wrt and wrt in draft.influences(of)]
    blamed = (reached or [of for of, _ in pairs])[0]
    sound = _check_wrt(wrt, blamed, found["wrt"].line, f"{place}: wrt", draft, "vjp") and sound
    (of, upstream), *also = pairs
    return VJP(of=of, wrt=wrt, upstream=upstream, also=tuple(also)) if sound else None


def _check_of(of: str, line: int, place: str, draft: Draft) -> bool:
    known = draft.names(LINE)
    if of in known:
        return of in draft.lines
    what = f"which is {draft.declared[of].what}" if of in draft.declared else "which is not defined"
    remedy = f"A target is computed from a line of forward: {listed(known)}. {suggestion(of, known)}".strip()
    draft.faults.add(line, f"{place} names `{of}`, {what}.", remedy)
    return False


def _check_wrt(wrt: str, of: str, line: int, place: str, draft: Draft, kind: str) -> bool:
    """Tell whether `wrt` is an input or an earlier line that `of` depends on and that has derivatives."""
    faults, known = draft.faults, (*draft.names(INPUT), *draft.names(LINE))
    if wrt not in known:
        what = f"which is {draft.declared[wrt].what}" if wrt in draft.declared else "which is not defined"
        remedy = f"Write an input or a line of forward: {listed(known)}. {suggestion(wrt, known)}".strip()
        faults.add(line, f"{place} is `{wrt}`, {what}.", remedy)
        return False
    if of not in draft.names(LINE) or (of in draft.lines and not draft.is_whole(of)):
        return False
    if draft.is_integer(wrt):
        faults.add(line, f"{place} is `{wrt}`, which holds class indices: they have no derivative.", "Choose another input.")
    elif wrt == of:
        faults.add(line, f"{place} is `{wrt}` itself.", "Choose an input, or an earlier line of forward.")
    elif wrt in draft.names(LINE) and draft.declared[wrt].line > draft.declared[of].line:
        faults.add(line, f"{place} is `{wrt}`, which is computed after {of}.", "Choose an input, or an earlier line of forward.")
    elif of in draft.lines and kind == "local" and wrt not in draft.lines[of].formula.names:
        used = [name for name in known if name in draft.lines[of].formula.names]
        faults.add(
            line,
            f"{place} is `{wrt}`, which the line of {of} does not use.",
            f"That line uses {listed(used)}; for the chain rule write jacobian.",
        )
    elif of in draft.lines and wrt not in draft.influences(of):
        known_there = listed([name for name in known if name in draft.influences(of)], otherwise="no input")
        faults.add(line, f"{place} is `{wrt}`, which does not influence {of}.", f"{of} depends on {known_there}.")
    else:
        return wrt in draft.lines or wrt in draft.inputs
    return False


def _check_scalar(of: str, line: int, place: str, kind: str, draft: Draft) -> bool:
    axes = draft.lines[of].axes
    if axes:
        remedy = f"A {kind} needs a scalar. Write jacobian; or vjp with an upstream gradient; or sum {of} in a line of forward."
        draft.faults.add(line, f"{place} is the {kind} of {of}, whose shape is {shape_text(axes)}.", remedy)
    return not axes


def _check_same_shape(name: str, other: str, line: int, place: str, what: str, draft: Draft) -> bool:
    """Check that `name` is declared as `what` and has the shape of `other`."""
    known = draft.names(what)
    if name not in known:
        remedy = f"Declare it, as `{'upstream' if what == UPSTREAM else 'inputs'}: {{{name}: ...}}`."
        if known:
            remedy = f"{suggestion(name, known)} Known: {listed(known)}.".strip()
        is_what = f"which is {draft.declared[name].what}, not {what}" if name in draft.declared else "which is not defined"
        draft.faults.add(line, f"{place} is `{name}`, {is_what}.", remedy)
        return False
    draft.used.add(name)
    own, wanted = draft.axes_of(name), draft.axes_of(other)
    if own is None or wanted is None:
        return False
    if draft.is_integer(name):
        draft.faults.add(line, f"{place} is `{name}`, which holds class indices.", "Declare an input of its own for it.")
        return False
    if any(trial.shapes[name] != trial.shapes[other] for trial in draft.trials):
        remedy = f"Write `{name}: like {other}`." if what == UPSTREAM else f"Give {name} the shape of {other}."
        draft.faults.add(
            line, f"{place} is `{name}` of shape {shape_text(own)}, and {other} has shape {shape_text(wanted)}.", remedy
        )
        return False
    like = draft.upstream[name].like if what == UPSTREAM else None
    if like and like != other:  # else the statement and the target would contradict each other
        remedy = f"Give {name} a shape in place of `like {like}`, or say which it is: `{name}: like {other}`."
        draft.faults.add(line, f"{place} is `{name}`, which is declared as ∂L/∂{like}, and here stands for ∂L/∂{other}.", remedy)
        return False
    return True
