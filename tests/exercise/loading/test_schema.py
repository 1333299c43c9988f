"""The JSON Schemas for editors: they accept what the loader accepts, and refuse what a schema can refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from places import ROOT

import grader
from grader.errors import ExerciseError
from grader.exercise.loading import dump, load_assignment, load_exercise, parse_exercise

SCHEMAS = Path(grader.__file__).parent / "schema"
BASE = (ROOT / "tests" / "exercise" / "loading" / "files" / "exercise.yaml").read_text("utf-8")
EXERCISE = Draft202012Validator(json.loads((SCHEMAS / "exercise.schema.json").read_text("utf-8")))
ASSIGNMENT = Draft202012Validator(json.loads((SCHEMAS / "assignment.schema.json").read_text("utf-8")))


class _Json(yaml.SafeLoader):
    """YAML as an editor's language server hands it to a schema: dates stay text."""


_Json.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in patterns if not tag.endswith("timestamp")]
    for first, patterns in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def data(text: str) -> Any:
    """Parse a YAML text as JSON data."""
    return json.loads(json.dumps(yaml.load(text, Loader=_Json)))


@pytest.mark.parametrize("validator", [EXERCISE, ASSIGNMENT], ids=["exercise", "assignment"])
def test_the_schemas_are_schemas(validator: Draft202012Validator) -> None:
    """Of the draft that they name."""
    Draft202012Validator.check_schema(validator.schema)


@pytest.mark.parametrize("path", sorted((ROOT / "exercises").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_exercise_fits(path: Path) -> None:
    """As it is written, and as it is dumped."""
    assert list(EXERCISE.iter_errors(data(path.read_text("utf-8")))) == []
    assert list(EXERCISE.iter_errors(data(dump(load_exercise(path))))) == []


@pytest.mark.parametrize("path", sorted((ROOT / "exercises" / "assignments").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_assignment_fits(path: Path) -> None:
    """As it is written."""
    assert list(ASSIGNMENT.iter_errors(data(path.read_text("utf-8")))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  n: 2..6", "  n: 3"),
        ("  L: sum(Y)", "  L: sum(Y)\n  Δ: 2 * L"),
        ("  W: m n", "  W: {shape: m n, draw: 'uniform(0, 1)'}"),
        ("  B: m ~ uniform(-1, 1)", "  B: m ~ choice(0.5, 1, 1e-3)"),
        ("  B: m ~ uniform(-1, 1)", "  B: m ~ mask(0.5)"),
        ("  B: m ~ uniform(-1, 1)", "  B:   m   ~positive"),
        ("  L: sum(Y)", "  L: 0.5 * sum(Y) ** 2"),
        ("call: dY_dW(W, X, B)", "call: \"dY_dW((W, X), B, n, {'stride': 1})\""),
        ("{jacobian: Y, wrt: W, points: 2}", "{jacobian: Y, wrt: W, layout: denominator}"),
        ("{gradient: L, wrt: B}", "{hessian: L, wrt: B, and: X}"),
        ("{gradient: L, wrt: B}", "{local: L, wrt: Y, points: 0.5}"),
        ("{gradient: L, wrt: B}", "{value: L}"),
        ("{vjp: Y, wrt: X, upstream: dY}", "{vjp: [Y], wrt: X, upstream: [dY]}"),
        ("{gradient: L, wrt: B}", "{jvp: Y, wrt: B, tangent: B}"),
        ("credit: 0.5", "credit: 0"),
        ("returned: einsum('ki,j->kij', eye(m), X)", "returned: 0"),
        ("{set: {B: 0.0}}", "{n: 2, m: 1, set: {B: [1], W: [[0.5, 2]]}, scale: {X: -2}}"),
        ("  random: 12\n", ""),
        ("cases:", "rtol: 0.0001\nlimits: {seconds: 0.5}\npartial: cases\ncases:"),
    ],
)  # fmt: skip
def test_what_the_loader_accepts_fits(old: str, new: str) -> None:
    """Every form that the format has."""
    text = BASE.replace(old, new, 1)
    assert text != BASE
    parse_exercise(text, "test")
    assert list(EXERCISE.iter_errors(data(text))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("schema: 1", "schema: 2"),
        ("schema: 1", "schema: '1'"),
        ("title: A tanh layer", "titel: A tanh layer"),
        ("title: A tanh layer", "title: 5"),
        ("title: A tanh layer", "title: ''"),
        ("  n: 2..6", "  n: 2...6"),
        ("  n: 2..6", "  n: 0"),
        ("  n: 2..6", "  n: [2, 6]"),
        ("  n: 2..6", "  n: 2.5"),
        ("  n: 2..6", "  n-1: 2..6"),
        ("  W: m n", "  W: (m, n)"),
        ("  W: m n", "  W: m n ~ unifrom(0, 1)"),
        ("  W: m n", "  W: m n ~ uniform(0)"),
        ("  W: m n", "  W: m 3"),
        ("  W: m n", "  W: {shape: m n, drow: normal}"),
        ("  L: sum(Y)", "  L: [sum(Y)]"),
        ("  L: sum(Y)", "  L:"),
        ("call: dY_dW(W, X, B)", "call: dY_dW"),
        ("call: dY_dW(W, X, B)", "cal: dY_dW(W, X, B)"),
        ("{jacobian: Y, wrt: W, points: 2}", "{jacobian: Y}"),
        ("{jacobian: Y, wrt: W, points: 2}", "{jacobian: Y, wrt: W, points: 0}"),
        ("{jacobian: Y, wrt: W, points: 2}", "{jacobian: Y, wrt: W, layout: den}"),
        ("{jacobian: Y, wrt: W, points: 2}", "{jacobian: Y, gradient: Y, wrt: W}"),
        ("{jacobian: Y, wrt: W, points: 2}", "{gradient: L, wrt: W, layout: numerator}"),
        ("{jacobian: Y, wrt: W, points: 2}", "{vjp: Y, wrt: W}"),
        ("credit: 0.5", "credit: 1.5"),
        ("hint: That is the pre-activation.", "hint: ''"),
        ("hint: That is the pre-activation.", "hnt: That is the pre-activation."),
        ("  random: 12", "  random: 1.5"),
        ("{n: 1, m: 1}", "{n: 0, m: 1}"),
        ("{n: 1, m: 1}", "{}"),
        ("{set: {B: 0.0}}", "{set: {B: zero}}"),
        ("cases:", "rtol: 0.5\ncases:"),
        ("cases:", "rtol: 1e-6\ncases:"),
        ("cases:", "limits: {seconds: 0}\ncases:"),
        ("cases:", "arrays: jax\ncases:"),
        ("cases:", "autodiff: off\ncases:"),
        ("cases:", "extra: 1\ncases:"),
    ],
)
def test_both_refuse_what_a_schema_can_express(old: str, new: str) -> None:
    """Unknown and missing keys, wrong types, numbers out of range, words that are not on a list."""
    text = BASE.replace(old, new, 1)
    assert text != BASE
    with pytest.raises(ExerciseError):
        parse_exercise(text, "test")
    assert list(EXERCISE.iter_errors(data(text)))


@pytest.mark.parametrize(
    ("text", "is_valid"),
    [
        ("exercises: [chain_rule, own/mine.yaml]", True),
        ("exercises: [chain_rule]\ndue: 2026-10-01T23:59:00+02:00", True),
        ("exercises: [chain_rule]\ndue: 2026-10-01T23:59:00Z\npoints: {chain_rule: 2.5}\nlimits: {memory_mib: 512}", True),
        ("exercises: [chain_rule]\ndue: 2026-10-01", False),
        ("exercises: [chain_rule]\ndue: 2026-10-01T23:59:00", False),
        ("exercises: []", False),
        ("exercises: chain_rule", False),
        ("exercises: [chain_rule, chain_rule]", False),
        ("exercises: [chain_rule]\npoints: {chain_rule: 0}", False),
        ("exercises: [chain_rule]\narrays: jax", False),
        ("exercise: [chain_rule]", False),
        ("exercises: [chain_rule]\nfeedback: hints\noverrides: by_hand.csv", True),
        ("exercises: [chain_rule]\ndue: 2026-10-01T23:59Z\nlate: {per_day: 10%}", True),
        (
            "exercises: [chain_rule]\ndue: 2026-10-01T23:59Z\nlate: {per_day: 100%, grace: 1.5 hours, free_days: 3, "
            "at_most: 50%, extensions: {s03: 2026-11-30T12:00+01:00}, ledger: free_days.csv}",
            True,
        ),
        ("exercises: [chain_rule]\nfeedback: hint", False),
        ("exercises: [chain_rule]\nlate: {per_day: 10%}", False),
        ("exercises: [chain_rule]\ndue: 2026-10-01T23:59Z\nlate: {per_day: 0.1}", False),
        ("exercises: [chain_rule]\ndue: 2026-10-01T23:59Z\nlate: {per_day: 110%}", False),
        ("exercises: [chain_rule]\ndue: 2026-10-01T23:59Z\nlate: {per_day: 10%, grace: 15}", False),
        ("exercises: [chain_rule]\ndue: 2026-10-01T23:59Z\nlate: {per_day: 10%, ledger: free_days.csv}", False),
        ("exercises: [chain_rule]\ndue: 2026-10-01T23:59Z\nlate: {grace: 15 minutes}", False),
        ("exercises: [chain_rule]\noverrides: [by_hand.csv]", False),
    ],
)
def test_assignments_likewise(text: str, is_valid: bool) -> None:
    """Ids, paths, a time with a zone, positive points, rules for late work."""
    assert is_valid == ASSIGNMENT.is_valid(data(f"schema: 1\ntitle: Set 1\n{text}\n"))


def test_the_keys_of_an_assignment_are_those_of_its_schema(tmp_path: Path) -> None:
    """What the loader lists as its keys, at the top and in `late`."""
    file = tmp_path / "ps1.yaml"
    file.write_text(
        "schema: 1\ntitle: x\nexercises: [a]\ndue: 2026-10-01T23:59Z\nlate: {per_day: 10%, zz: 1}\nzzzz: 1\n", "utf-8"
    )
    with pytest.raises(ExerciseError) as raised:
        load_assignment(file, lambda name: ROOT / "exercises" / "chain_rule.yaml")
    late = ASSIGNMENT.schema["properties"]["late"]["properties"]
    assert f"Keys here: {', '.join(late)}." in str(raised.value)
    top = str(raised.value).rpartition("Keys here: ")[2].rstrip(".").split(", ")
    assert set(top) == set(ASSIGNMENT.schema["properties"])
