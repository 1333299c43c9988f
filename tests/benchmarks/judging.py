"""
Which tolerance takes right rewrites and no near misses: `python tests/benchmarks/judging.py [--seeds 8] [--names]`.

A rewrite is rejected where it is wrong in any case of a seed; a near miss is accepted where it is right in all of them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from rewrites import STORIES, Story, answers, load

from grader.reference import prepare, tolerance
from grader.reference.model import Expected
from grader.reference.torch import compute

FLOOR = tolerance.ABSOLUTE_FLOOR
Rule = Callable[[np.ndarray, np.ndarray], np.ndarray]  # expected array, its rounding -> how far each entry may be off


def of_the_largest(rtol: float) -> Rule:
    """As numpy's allclose never does: the largest entry of the target."""
    return lambda right, rounding: np.full(right.shape, rtol * np.abs(right).max() + FLOOR)


def of_the_slice(rtol: float) -> Rule:
    """Allow a share of the smallest of the largest entries, over the slices that an entry lies in."""

    def allowed(right: np.ndarray, rounding: np.ndarray) -> np.ndarray:
        if right.ndim < 2:
            return of_the_largest(rtol)(right, rounding)
        axes = range(right.ndim)
        tops = [np.abs(right).max(axis=tuple(other for other in axes if other != axis), keepdims=True) for axis in axes]
        return np.asarray(rtol * np.minimum.reduce(np.broadcast_arrays(*tops)) + FLOOR)

    return allowed


def of_the_entry(rtol: float, times: float) -> Rule:
    """Allow a share of the entry, and what rounding does to it."""
    return lambda right, rounding: np.minimum(rtol * np.abs(right) + times * rounding, 1e-6 * np.abs(right).max()) + FLOOR


RULES: dict[str, Rule] = {
    "1e-6 of the largest (before)": of_the_largest(1e-6),
    "1e-8 of the largest": of_the_largest(1e-8),
    "1e-6 of the slice": of_the_slice(1e-6),
    "1e-6 of the entry": of_the_entry(1e-6, 0.0),
    "1e-6 of the entry + rounding": of_the_entry(1e-6, 1.0),
    "1e-8 of the entry": of_the_entry(1e-8, 0.0),
    "1e-8 of the entry + rounding / 16": of_the_entry(1e-8, 1 / 16),
    "1e-8 of the entry + rounding (now)": of_the_entry(1e-8, 1.0),
    "1e-8 of the entry + 16 rounding": of_the_entry(1e-8, 16.0),
    "1e-10 of the entry + rounding": of_the_entry(1e-10, 1.0),
}


def limits(rule: Rule, story: Story, expected: Expected) -> np.ndarray:
    """How far each entry may be off by a rule."""
    rounding = np.ldexp(1.0, expected.rounding[story.target])
    return rule(expected.targets[story.target], rounding)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--only", default="")
    parser.add_argument("--names", action="store_true")
    asked = parser.parse_args()
    compute.MAX_PREDICTED_ENTRIES = -1  # predictions take most of the time, and no part in this
    counts: dict[str, Counter[tuple[str, str, str]]] = {rule: Counter() for rule in RULES}
    pairs: Counter[str] = Counter()
    nearest: dict[tuple[str, str], float] = defaultdict(float)
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder, np.errstate(all="ignore"):
        for story in STORIES:
            if asked.only not in story.name:
                continue
            exercise = load(story, Path(folder))
            for seed in range(asked.seeds):
                record = prepare.make(exercise, seed)
                allowed = {name: [limits(rule, story, it) for _, it in record.cases] for name, rule in RULES.items()}
                for kind, name, gaps in answers(story, record):
                    pairs[kind] += 1
                    for rule in RULES:
                        is_right = all((gap <= limit).all() for gap, limit in zip(gaps, allowed[rule], strict=True))
                        counts[rule][kind, story.name, name] += is_right == (kind == "miss")
                    if kind == "rewrite":
                        now = allowed["1e-8 of the entry + rounding (now)"]
                        share = max(float(((gap - FLOOR) / limit).max()) for gap, limit in zip(gaps, now, strict=True))
                        nearest[story.name, name] = max(nearest[story.name, name], share)
    named = sum(len(story.rewrites) for story in STORIES), sum(len(story.misses) for story in STORIES)
    print(f"{named[0]} rewrites ({pairs['rewrite']} with seeds), {named[1]} near misses ({pairs['miss']} with seeds that tell)")
    print(f"{'may be off by':38} rejected  accepted")
    for rule, found in counts.items():
        totals = Counter({kind: sum(n for (of, *_), n in found.items() if of == kind) for kind in ("rewrite", "miss")})
        print(f"{rule:38} {totals['rewrite']:8} {totals['miss']:9}")
        if asked.names:
            print(*(f"    {n} {' · '.join(what)}" for what, n in sorted(found.items()) if n), sep="\n")
    print(
        "nearest to their limit:",
        ", ".join(f"{' · '.join(what)}: {share:.2g}" for what, share in sorted(nearest.items(), key=lambda one: -one[1])[:5]),
    )
    print(f"{time.process_time() - started:.0f} s of CPU")


if __name__ == "__main__":
    main()
