"""
Read YAML text into a tree whose every node knows its line and how it was written.

The tree is made from the parser's events, not from constructed values: `1e-6`, `012` and `on` keep their text, so that the
reader can say what YAML makes of them, duplicate keys are noticed, and an alias costs nothing until somebody follows it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from grader.exercise.loading import traps
from grader.exercise.loading.faults import Faults
from grader.exercise.loading.yaml_nodes import ScalarKind, ScalarStyle, YamlList, YamlMapping, YamlNode, YamlScalar

MAX_BYTES = 256 * 1024  # a long exercise has 10 kB; some texts of brackets cost the parser time quadratic in their length
MAX_NODES = 20_000  # with every alias written out
MAX_DEPTH = 24

_KINDS: dict[str, ScalarKind] = {
    "tag:yaml.org,2002:int": "integer",
    "tag:yaml.org,2002:float": "number",
    "tag:yaml.org,2002:bool": "truth",
    "tag:yaml.org,2002:null": "nothing",
    "tag:yaml.org,2002:timestamp": "date",
    "tag:yaml.org,2002:merge": "merge",
}
_STYLES: dict[str | None, ScalarStyle] = {"'": "single", '"': "double", "|": "block", ">": "block"}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser is ten times as fast, but not everywhere


class _Stop(Exception):
    """Raised where the rest of the file cannot be read; the reason is among the faults."""


def read(text: str, faults: Faults) -> YamlNode | None:
    """Read a YAML text into a tree; None if it cannot be read to its end. What is wrong is added to `faults`."""
    if len(text.encode()) > MAX_BYTES:
        faults.add(0, f"It holds more than {MAX_BYTES // 1024} KiB, the most that is read.", "An exercise is a page of text.")
        return None
    stray = traps.stray_character(text)
    if stray:
        faults.add(*stray)
        return None
    builder = _Builder(text, faults)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        faults.add(*(_too_deep(error.problem_mark) if _is_of_depth(error) else traps.explain(error, builder.lines)))
        return None
    except _Stop:
        return None
    builder.check_anchors()
    return builder.root


@dataclass(slots=True)
class _Open:
    """A list or mapping that has not ended yet."""

    event: Any
    nodes: list[YamlNode] = field(default_factory=list)
    weight: int = 1


class _Builder:
    """The tree so far. `take` is called with each event in turn."""

    def __init__(self, text: str, faults: Faults) -> None:
        self.text = text
        self.lines = text.splitlines()
        self.faults = faults
        self.root: YamlNode | None = None
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[YamlNode, int]] = {}
        self.unused: dict[str, int] = {}  # anchor -> its line
        self.documents = 0

    def take(self, event: Any) -> None:
        """Add an event to the tree."""
        match event:
            case yaml.ScalarEvent():
                self.close(self.scalar(event), 1, event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self.refuse_tag(event)
                self.stack.append(_Open(event))
                if len(self.stack) > MAX_DEPTH:
                    self.faults.add(*_too_deep(event.start_mark))
                    raise _Stop
            case yaml.MappingEndEvent():
                done = self.stack.pop()
                self.close(self.fields(done), done.weight, done.event)
            case yaml.SequenceEndEvent():
                done = self.stack.pop()
                self.close(YamlList(tuple(done.nodes), _line(done.event)), done.weight, done.event)
            case yaml.AliasEvent():
                self.alias(event)
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    self.stop(
                        event,
                        "A second document starts here (`---`).",
                        "One file holds one document: remove this line, or split it.",
                    )

    def scalar(self, event: Any) -> YamlScalar:
        """Make a node of one value, with the kind that YAML 1.1 gives it."""
        self.refuse_tag(event)
        style = _STYLES.get(event.style, "plain")
        text, line = event.value, _line(event)
        span, after = (event.start_mark.index, event.end_mark.index), ""
        if style == "double":
            escaped = tuple(traps.escaped_latex(self.text[slice(*span)], line))
            stray = None if escaped else traps.stray_character(text, line)
            for advice in (*escaped, stray) if stray else escaped:
                self.faults.add(*advice)
        if style == "plain":
            end = event.end_mark
            rest = self.lines[end.line][end.column :].lstrip() if end.line < len(self.lines) else ""
            after = rest if rest.startswith("#") else ""
        return YamlScalar(text, line, _kind(text) if style == "plain" else "text", style, span, after)

    def fields(self, done: _Open) -> YamlMapping:
        """Make a mapping from its keys and values; join a value of a flow mapping that the commas of a formula have split."""
        pairs: dict[str, tuple[YamlScalar, YamlNode]] = {}
        split: dict[str, YamlScalar] = {}
        last = ""
        for key, value in zip(done.nodes[::2], done.nodes[1::2], strict=True):
            if not isinstance(key, YamlScalar):
                self.faults.add(
                    key.line,
                    "A list or mapping is used as a key.",
                    "A key is a name. Text that starts with [ or { needs quotes.",
                )
            elif done.event.flow_style and last and _is_empty(value) and traps.is_cut(pairs[last][1]):
                split[last] = self.joined(pairs[last][1], key)
                pairs[last] = (pairs[last][0], split[last])
            elif key.text in pairs:
                what = f"`{key.text}` is written twice; the first is at line {pairs[key.text][0].line}."
                self.faults.add(key.line, what, "Keep one of them.")
            else:
                if key.style == "plain" and key.kind != "text":
                    self.faults.add(*traps.misread_key(key))
                pairs[key.text] = (key, value)
                last = key.text
        for name, whole in split.items():
            self.faults.add(*traps.split_at_commas(name, whole))
        return YamlMapping(tuple(pairs.values()), _line(done.event))

    def joined(self, before: YamlNode, key: YamlScalar) -> YamlScalar:
        """Join a text that a comma has split."""
        assert isinstance(before, YamlScalar)  # is_cut has seen to that
        span = (before.span[0], key.span[1])
        return YamlScalar(self.text[slice(*span)], before.line, span=span)

    def alias(self, event: Any) -> None:
        """Put the value that an alias refers to; its size counts, its memory does not."""
        if event.anchor not in self.anchors:
            self.faults.add(*traps.misread_start(_line(event), self.lines, "*", event.anchor))
            raise _Stop
        self.unused.pop(event.anchor, None)
        node, weight = self.anchors[event.anchor]
        self.close(node, weight, None)

    def close(self, node: YamlNode, weight: int, event: Any) -> None:
        """Put a finished node where it belongs."""
        if event is not None and event.anchor:
            self.anchors[event.anchor] = (node, weight)
            self.unused[event.anchor] = _line(event)
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        top.nodes.append(node)
        top.weight += weight
        if top.weight > MAX_NODES:
            what = f"It has more than {MAX_NODES} values, with every alias written out."
            self.stop(top.event, what, "Write less, and fewer aliases (`*name`).")

    def refuse_tag(self, event: Any) -> None:
        """Note a tag. Nobody means one: it is how YAML reads a value that starts with `!`."""
        if event.tag and event.tag != "!":
            self.faults.add(*traps.misread_start(_line(event), self.lines, "!", event.tag.removeprefix("!")))

    def check_anchors(self) -> None:
        """Note anchors that no alias refers to: they are how YAML reads a value that starts with `&`."""
        for anchor, line in self.unused.items():
            self.faults.add(*traps.misread_start(line, self.lines, "&", anchor))

    def stop(self, event: Any, what: str, remedy: str) -> None:
        """Note a fault, and stop reading: nothing sensible follows."""
        self.faults.add(_line(event), what, remedy)
        raise _Stop


def _too_deep(mark: Any) -> traps.Advice:
    return int(mark.line) + 1, f"It is nested more than {MAX_DEPTH} deep.", "Close the brackets, or move the value out."


def _is_of_depth(error: yaml.MarkedYAMLError) -> bool:
    """
    Tell whether the parser gave up at its own limit of depth.

    The C parser of PyYAML 6.0.4 and later stops at a thousand brackets. It reads a line ahead of its events, so that it may stop
    before the twenty-fifth bracket has come here.
    """
    return error.problem_mark is not None and "nesting depth" in (error.problem or "")


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _is_empty(node: YamlNode) -> bool:
    return isinstance(node, YamlScalar) and node.style == "plain" and not node.text


def _kind(text: str) -> ScalarKind:
    """Return the kind that YAML 1.1, as PyYAML reads it, gives a plain value."""
    for tag, pattern in yaml.SafeLoader.yaml_implicit_resolvers.get(text[:1], ()):
        if pattern.match(text):
            return _KINDS.get(tag, "text")
    return "text"
