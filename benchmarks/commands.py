"""
What a student and an author wait for: commands beside the bare interpreter and `import numpy`, and references made anew.

`python benchmarks/commands.py [ROUNDS]`. The commands take turns in every round, so that a busy machine is busy for all
of them; medians, and ratios of medians.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GRADER = (sys.executable, "-m", "grader")
COMMANDS = {
    "python -c pass": (sys.executable, "-c", "pass"),
    "python -c 'import numpy'": (sys.executable, "-c", "import numpy"),
    "grader --help": (*GRADER, "--help"),
    "grader list": (*GRADER, "list"),
    "grader check tanh_layer": (*GRADER, "check", "tanh_layer", str(ROOT / "solutions" / "tanh_layer.py")),
}
SEED_COURSE = ("tanh_derivative", "chain_rule", "scalar_linear", "linear_layer", "tanh_layer")

REFERENCES = """
import sys, time
began = time.perf_counter()
import torch
print(time.perf_counter() - began)
import grader
from grader.preparing import make
for name in sys.argv[1:]:
    began = time.perf_counter()
    make(grader.load(name), 12345)
    print(time.perf_counter() - began)
"""


def main(rounds: int) -> None:
    """Print both tables."""
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "GRADER_CACHE": cache}
        for _ in range(rounds + 1):  # the first round fills caches and does not count
            for name, command in COMMANDS.items():
                began = time.perf_counter()
                subprocess.run(command, check=True, capture_output=True, env=environment)
                taken[name].append(time.perf_counter() - began)
    median = {name: statistics.median(times[1:]) for name, times in taken.items()}
    bare, numpy = median["python -c pass"], median["python -c 'import numpy'"]
    print(f"{'command':28}{'ms':>8}{'x pass':>8}{'x numpy':>9}   median of {rounds}")
    for name, seconds in median.items():
        print(f"{name:28}{1000 * seconds:8.0f}{seconds / bare:8.1f}{seconds / numpy:9.2f}")
    listing = max(median["grader list"], median["grader --help"])
    print(f"list and --help: at most {listing / (2.5 * bare + 0.1):.2f} of 2.5 x pass + 0.1 s")

    command = (sys.executable, "-c", REFERENCES, *SEED_COURSE)
    imported, *made = map(float, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    print(f"\nreferences made anew, seconds: import torch {imported:.2f}, then")
    for name, seconds in zip(SEED_COURSE, made, strict=True):
        print(f"  {name:26}{seconds:8.2f}")
    print(f"  {'the five together':26}{sum(made):8.2f}; with the import {imported + sum(made):.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
