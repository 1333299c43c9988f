"""
Which rule of agreement takes right rewrites and no near misses: `python tests/benchmarks/judging.py [--seeds 8]`.

A rewrite is rejected where it is wrong in any case of a seed; a near miss is accepted where it is right in all of them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from rewrites import STORIES, load

from grader import preparing
from grader.reference import compute, rounding

np.seterr(all="ignore")

FLOOR = 1e-12


def largest(rtol):
    return lambda right, noise: np.full(right.shape, rtol * np.abs(right).max() + FLOOR)


def slices(rtol):
    def allowed(right, noise):
        if right.ndim < 2:
            return largest(rtol)(right, noise)
        tops = [np.abs(right).max(axis=tuple(a for a in range(right.ndim) if a != axis), keepdims=True) for axis in range(right.ndim)]
        top = tops[0]
        for other in tops[1:]:
            top = np.minimum(top, other)
        return rtol * np.broadcast_to(top, right.shape) + FLOOR

    return allowed


def entries(rtol, times=1.0):
    return lambda right, noise: np.minimum(rtol * np.abs(right) + times * noise, 1e-6 * np.abs(right).max()) + FLOOR


def bare(rtol):
    return lambda right, noise: rtol * np.abs(right) + FLOOR


RULES = {
    "largest 1e-6": largest(1e-6),
    "slice 1e-6": slices(1e-6),
    "entry 1e-6, no noise": bare(1e-6),
    "entry 1e-6": entries(1e-6),
    "entry 1e-8, no noise": bare(1e-8),
    "entry 1e-8, 0.1 noise": entries(1e-8, 0.1),
    "entry 1e-8": entries(1e-8),
    "entry 1e-8, 4 noise": entries(1e-8, 4.0),
    "entry 1e-9": entries(1e-9),
}


def central(story, exercise, case, target):
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    rejected, accepted, of = Counter(), Counter(), Counter()
    who = {rule: Counter() for rule in RULES}
    closest = Counter()
    spent = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for story in STORIES:
            if asked.only not in story.name:
                continue
            exercise = load(story, Path(folder))
            for seed in range(asked.seeds):
                start = time.process_time()
                record = preparing.make(exercise, seed)
                spent["records"] += time.process_time() - start
                cases = []
                for case, expected in record.cases:
                    start = time.process_time()
                    arrays = {k: compute.tensors({"v": v})["v"] for k, v in expected.targets.items()}
                    noise = rounding.rounding(exercise, case.sizes, compute.tensors(case.values), arrays)[story.target].numpy()
                    spent["noise"] += time.process_time() - start
                    right = expected.targets[story.target]
                    cases.append((SimpleNamespace(**case.values), right, {n: r(right, noise) for n, r in RULES.items()}, noise))
                for kind, answers in (("rewrite", story.rewrites), ("miss", story.misses)):
                    for name, answer in answers.items():
                        gaps = []
                        different = False
                        for given, right, allowed, noise in cases:
                            got = answer(given) if kind == "rewrite" else answer(given, right)
                            got = np.asarray(got, dtype=np.float64)
                            assert got.shape == right.shape, (story.name, name, got.shape, right.shape)
                            gap = np.abs(got - right)
                            gaps.append((gap, allowed))
                            different |= bool((gap > 1e-13 * np.abs(right) + 1e-300).any())
                            if kind == "rewrite":
                                beyond = np.maximum(gap - 1e-12, 0) / (1e-8 * np.abs(right) + noise + 1e-300)
                                key = (story.name, name)
                                closest[key] = max(closest[key], float(np.nanmax(beyond)), float(np.nanmax(gap / (noise + 1e-8*np.abs(right)+1e-300))) * 0)
                        if kind == "miss" and not different:
                            continue
                        of[kind] += 1
                        for rule in RULES:
                            right_everywhere = all((gap <= allowed[rule]).all() for gap, allowed in gaps)
                            if kind == "rewrite" and not right_everywhere:
                                rejected[rule] += 1
                                who[rule][kind, story.name, name] += 1
                            if kind == "miss" and right_everywhere:
                                accepted[rule] += 1
                                who[rule][kind, story.name, name] += 1
    print(f"{sum(len(s.rewrites) for s in STORIES)} rewrites, {sum(len(s.misses) for s in STORIES)} near misses; pairs with seeds: {dict(of)}")
    for rule in RULES:
        print(f"{rule:24} rejected {rejected[rule]:4}   accepted {accepted[rule]:4}")
        for (kind, *what), n in sorted(who[rule].items()):
            print("      ", n, kind, *what)
    print("nearest to being rejected (1: at the limit):", [(k, round(v, 4)) for k, v in closest.most_common(8)])
    print({k: round(v, 1) for k, v in spent.items()})


if __name__ == "__main__":
    main()
