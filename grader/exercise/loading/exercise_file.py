"""Load an exercise file from top to bottom: text -> Exercise, or all its faults."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from grader.exercise.loading.draft import AXIS, INPUT, LINE, UPSTREAM, Draft
from grader.exercise.loading.faults import Faults
from grader.exercise.loading.files import read_text
from grader.exercise.loading.named_cases import read_cases
from grader.exercise.loading.quantities import MAX_ENTRIES, read_axes, read_forward, read_inputs, read_upstream
from grader.exercise.loading.reading import as_choice, as_fields, as_items, as_number, as_text, entries, in_range
from grader.exercise.loading.targets import target_shape
from grader.exercise.loading.tasks import read_tasks
from grader.exercise.loading.tree import read
from grader.exercise.loading.yaml_nodes import YamlMapping, YamlNode
from grader.exercise.model import JVP, VJP, Exercise, Task, quantities
from grader.sandbox.limits import Limits

SCHEMA = 1
ID = re.compile(r"[a-z][a-z0-9_]*")
MAX_RTOL = 0.1
MAX_SECONDS = 3600
MIN_MEMORY_MIB, MAX_MEMORY_MIB = 64, 65536
CHOICES: Mapping[str, tuple[str, ...]] = {
    "arrays": ("numpy", "torch"),
    "autodiff": ("forbid", "allow"),
    "numerical": ("flag", "forbid"),
    "partial": ("none", "cases"),
}
_REQUIRED = ("schema", "title", "inputs", "forward", "tasks")
_OPTIONAL = ("source", "statement", "dims", "upstream", "cases", "rtol", "limits", *CHOICES)
_SECTIONS = {
    "dims": (AXIS, "Write each axis with its size: `n: 2..6`."),
    "inputs": (INPUT, "Write each input with its shape: `W: m n`."),
    "forward": (LINE, "Write each quantity with its formula: `Y: tanh(W @ X)`."),
    "upstream": (UPSTREAM, "Write each gradient with its shape: `dY: like Y`."),
}


def load_exercise(path: str | Path) -> Exercise:
    """Load the exercise of a file; its id is the file's stem. Raises ExerciseError with every fault of the file."""
    path = Path(path)
    return parse_exercise(read_text(path), path.stem, str(path))


def parse_exercise(text: str, id: str, path: str = "") -> Exercise:
    """Parse an exercise from YAML text. Raises ExerciseError with every fault of the text, in line order."""
    faults = Faults(path)
    if not ID.fullmatch(id):
        faults.add(
            0,
            f"`{id}` cannot be the id of an exercise.",
            "The id is the file's name without .yaml: small letters, digits and _, a letter first.",
        )
    fields = read_top(text, faults, "exercise")
    draft = Draft(faults)
    parts = _read(fields, draft) if fields else {}
    if faults:
        raise faults.error()
    return Exercise(id=id, path=path, **parts)


def read_top(text: str, faults: Faults, what: str) -> YamlMapping | None:
    """Read the mapping that a file consists of."""
    root = read(text, faults)
    if root is None and not faults:
        faults.add(0, "The file is empty.", f"An {what} starts with `schema: 1`.")
    if root is None:
        return None
    return as_fields(root, "The file", faults, remedy=f"An {what} is a mapping that starts with `schema: 1`.")


def read_schema(found: Mapping[str, YamlNode], faults: Faults) -> None:
    """Check the version of the format."""
    version = as_number(found["schema"], "schema", faults) if "schema" in found else SCHEMA
    if version is not None and version != SCHEMA:
        faults.add(
            found["schema"].line,
            f"schema is {version}, and this grader reads {SCHEMA}.",
            "Write `schema: 1`, or install a newer grader.",
        )


def read_limits(node: YamlNode, place: str, faults: Faults, default: Limits) -> Limits:
    """Read CPU seconds and memory of a call; what is left out keeps its default."""
    fields = as_fields(node, place, faults, remedy="Write {seconds: 10, memory_mib: 1024}.")
    found = entries(fields, place, faults, optional=("seconds", "memory_mib")) if fields else {}
    seconds, memory = default.seconds, default.memory_mib
    if "seconds" in found:
        seconds = in_range(found["seconds"], f"{place}.seconds", faults, low=0, high=MAX_SECONDS, above=True) or seconds
    if "memory_mib" in found:
        memory = int(
            in_range(found["memory_mib"], f"{place}.memory_mib", faults, low=MIN_MEMORY_MIB, high=MAX_MEMORY_MIB, whole=True)
            or memory
        )
    return Limits(seconds=float(seconds), memory_mib=memory)


def _read(fields: YamlMapping, draft: Draft) -> dict[str, Any]:
    """Read the parts of the exercise by name; they are complete if no fault was noted."""
    faults = draft.faults
    found = entries(fields, "", faults, required=_REQUIRED, optional=_OPTIONAL)
    read_schema(found, faults)
    parts: dict[str, Any] = {}
    for name in ("title", "source", "statement"):
        if name in found:
            parts[name] = as_text(found[name], name, faults, is_line=name != "statement")
    for name, options in CHOICES.items():
        if name in found:
            parts[name] = as_choice(found[name], name, options, faults)
    if "rtol" in found:
        parts["rtol"] = in_range(found["rtol"], "rtol", faults, low=0, high=MAX_RTOL, above=True)
    if "limits" in found:
        parts["limits"] = read_limits(found["limits"], "limits", faults, Limits())
    sections = _declare(found, draft)
    read_axes(sections["dims"], draft)
    read_inputs(sections["inputs"], draft)
    read_forward(sections["forward"], draft)
    read_upstream(sections["upstream"], draft)
    cases = (
        as_fields(found["cases"], "cases", faults, remedy="Write `random: 12`, and edge cases under `named:`.")
        if "cases" in found
        else None
    )
    random_cases, named_cases = read_cases(cases, draft)
    items = (
        as_items(found["tasks"], "tasks", faults, remedy="Write a list: `- call: f(x)` and `returns:` below it.")
        if "tasks" in found
        else ()
    )
    if items == () and "tasks" in found:
        faults.add(found["tasks"].line, "tasks is empty.", "Write at least one: `- call: f(x)` and `returns:` below it.")
    tasks = read_tasks(items or (), draft)
    _check_use(tasks, draft)
    _check_entries(tasks, draft)
    return {
        **parts,
        "axes": tuple(draft.axes.values()),
        "inputs": tuple(draft.inputs.values()),
        "forward": tuple(draft.lines.values()),
        "upstream": tuple(draft.upstream.values()),
        "tasks": tasks,
        "random_cases": random_cases,
        "named_cases": named_cases,
    }


def _declare(found: Mapping[str, YamlNode], draft: Draft) -> dict[str, YamlMapping]:
    """Declare the names of all sections before anything is read, so that clashes and uses of a later line can be told apart."""
    sections: dict[str, YamlMapping] = {}
    for name, (what, remedy) in _SECTIONS.items():
        fields = as_fields(found[name], name, draft.faults, remedy=remedy) if name in found else None
        sections[name] = fields or YamlMapping((), 0)
        if fields:
            draft.declare(fields, what)
            if not fields.pairs:
                draft.faults.add(fields.line, f"{name} is empty.", remedy)
    return sections


def _check_use(tasks: Sequence[Task], draft: Draft) -> None:
    """Note what is declared and never used: it is probably a slip."""
    if draft.faults:
        return  # a use may be in a part that could not be read
    needed = _needed(tasks, draft)
    remedies = {
        AXIS: "Use it in a shape or a formula",
        INPUT: "Use it in forward",
        UPSTREAM: "Write it as the `upstream:` of a target",
    }
    for name, declared in draft.declared.items():
        what = declared.what.split(" ", 1)[-1]
        if declared.what in remedies and name not in draft.used:
            remedy = f"{remedies[declared.what]}, or remove it."
            draft.faults.add(declared.line, f"The {what} `{name}` is never used.", remedy)
        elif declared.what in (INPUT, UPSTREAM) and name not in needed:
            remedy = (
                "in a line of forward that a target depends on, or as a tangent" if declared.what == INPUT else "as an upstream"
            )
            where = f"No target uses the {what} `{name}`: its numbers change no answer."
            draft.faults.add(declared.line, where, f"Write it {remedy}; or remove it, from the calls too.")


def _needed(tasks: Sequence[Task], draft: Draft) -> frozenset[str]:
    """Return the inputs, tangents and upstream gradients that some target is computed from."""
    found: set[str] = set()
    for task in tasks:
        for target in task.targets:
            kind = target.kind
            for name in quantities(kind):
                found |= draft.influences(name)
            if isinstance(kind, VJP):
                found |= {upstream for _, upstream in kind.pairs}
            elif isinstance(kind, JVP):
                found.add(kind.tangent)
    return frozenset(found)


def _check_entries(tasks: Sequence[Task], draft: Draft) -> None:
    """Note inputs and targets that are too large to be sent and compared."""
    for trial in (*draft.trials, *draft.edge_trials):
        if trial.is_spread:
            continue
        shapes = {f"input {name}": trial.shapes[name] for name in draft.inputs}
        for task in tasks:
            for target in task.targets:
                shapes[f"target {target.name}"] = target_shape(target.kind, target.layout, trial.shapes)
        for what, shape in shapes.items():
            if math.prod(shape) > MAX_ENTRIES:
                draft.faults.add(
                    0,
                    f"The {what} has {math.prod(shape)} entries at {trial}; at most {MAX_ENTRIES} are compared.",
                    "Make the axes smaller.",
                )
                return
