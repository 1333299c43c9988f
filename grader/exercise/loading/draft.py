"""The parts of an exercise that have been read so far: later parts look up names and shapes here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from grader.exercise.formula import CONSTANTS, Formula, FormulaError
from grader.exercise.loading.faults import Faults, listed, suggestion
from grader.exercise.loading.reading import as_name
from grader.exercise.loading.shapes import ShapeTrial, Sizes
from grader.exercise.loading.yaml_nodes import YamlMapping
from grader.exercise.model import Axes, Axis, Input, Line, NamedCase, Upstream


@dataclass(frozen=True, slots=True)
class Declared:
    """A name of the exercise: what it names, as "an input", and its line."""

    what: str
    line: int


@dataclass(slots=True)
class Draft:
    """
    One exercise while it is read.

    `declared` has every name from the start, faulty ones too, so that one fault does not lead to others; the other fields have
    what is sound, in the order of the file.
    """

    faults: Faults
    declared: dict[str, Declared] = field(default_factory=dict)
    sections: dict[str, list[str]] = field(default_factory=dict)  # sort of name -> names
    unsound: set[str] = field(default_factory=set)  # names that cannot be used, or that two sections declare
    axes: dict[str, Axis] = field(default_factory=dict)
    inputs: dict[str, Input] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    upstream: dict[str, Upstream] = field(default_factory=dict)
    named_cases: tuple[NamedCase, ...] = ()
    trials: tuple[ShapeTrial, ...] = ()  # sizes in the ranges, and spread ones, with the shapes that they lead to
    edge_trials: tuple[ShapeTrial, ...] = ()  # the same at sizes of named cases
    used: set[str] = field(default_factory=set)

    def declare(self, fields: YamlMapping, what: str) -> None:
        """Declare the keys of a mapping as names of this exercise."""
        for key, _ in fields:
            self.sections.setdefault(what, []).append(key.text)
            earlier = self.declared.setdefault(key.text, Declared(what, key.line))
            if as_name(key, what, self.faults) is None:
                self.unsound.add(key.text)
            elif earlier.line != key.line:
                text = f"`{key.text}` is {what} here and {earlier.what} at line {earlier.line}."
                self.faults.add(key.line, text, "Give one of them another name.")
                self.unsound.add(key.text)

    def names(self, what: str) -> tuple[str, ...]:
        """Return the names of one sort, faulty ones too."""
        return tuple(self.sections.get(what, ()))

    def axes_of(self, name: str) -> Axes | None:
        """Return the axes of an input, an upstream gradient or a line; None for a faulty one."""
        for group in (self.inputs, self.upstream, self.lines):
            if name in group:
                return group[name].axes
        return None

    def trial(self, sizes: Sizes) -> ShapeTrial:
        """Infer all shapes at these sizes. Raises FormulaError, whose `what` names the line."""
        trial = ShapeTrial(sizes)
        for item in self.inputs.values():
            trial.shapes[item.name] = trial.shape(item.axes)
        for line in self.lines.values():
            try:
                trial.shapes[line.name] = trial.infer(line.formula)
            except FormulaError as error:
                raise FormulaError(f"forward.{line.name}: {error.what}", error.remedy) from None
        for gradient in self.upstream.values():
            trial.shapes[gradient.name] = trial.shapes[gradient.like] if gradient.like else trial.shape(gradient.axes)
        return trial

    def is_integer(self, name: str) -> bool:
        """Tell whether an input holds class indices, which have no derivative."""
        return name in self.inputs and self.inputs[name].draw.law == "labels"

    def influences(self, name: str) -> frozenset[str]:
        """Return every name that a line depends on, through other lines too."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            line = self.lines.get(waiting.pop())
            new = line.formula.names - found if line else frozenset()
            found |= new
            waiting.extend(new)
        return frozenset(found)

    def is_whole(self, name: str) -> bool:
        """Tell whether all lines that a line depends on are sound, so that its dependencies are known."""
        return name in self.lines and all(
            other in self.lines or other not in self.declared or self.declared[other].what != LINE
            for other in self.influences(name)
        )

    def check_names(self, line: int, place: str, formula: Formula, known: Sequence[str]) -> bool:
        """Tell whether a formula uses only known names, note the others, and remember what it uses."""
        self.used |= formula.names
        unknown = [name for name in in_order(formula) if name not in known and name not in CONSTANTS]
        for name in unknown:
            self.faults.add(line, *self._unknown(line, place, name, known))
        return not unknown

    def _unknown(self, line: int, place: str, name: str, known: Sequence[str]) -> tuple[str, str]:
        declared = self.declared.get(name)
        if place == f"forward.{name}":
            return f"{place} uses itself.", "A line may use the inputs and earlier lines."
        if declared and declared.what == LINE and place.startswith("forward."):
            return (
                f"{place} uses `{name}`, which is not defined above this line.",
                f"Move it below line {declared.line}, where `{name}` is defined.",
            )
        if declared:
            return f"{place} uses `{name}`, which is {declared.what}.", f"Known here: {listed(known)}."
        where = "which is not defined above this line" if place.startswith("forward.") else "which is not defined"
        return f"{place} uses `{name}`, {where}.", f"Known here: {listed(known)}. {suggestion(name, known)}".strip()


AXIS, INPUT, LINE, UPSTREAM = "an axis", "an input", "a line of forward", "an upstream gradient"


def in_order(formula: Formula) -> tuple[str, ...]:
    """Return the free names of a formula, each once, in the order of the text."""
    return tuple(sorted(formula.names, key=lambda name: (formula.text.find(name), name)))
