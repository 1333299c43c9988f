"""
What people wait for.

Commands beside the bare interpreter and `import numpy`; references made anew; one more copy of a submission beside its
functions without any grader, and beside a fresh process with torch.

`python tests/benchmarks/commands.py [ROUNDS]`. The commands take turns in every round, so that a busy machine is busy for all
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

ROOT = Path(__file__).resolve().parents[2]
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
from grader.reference.prepare import make
for name in sys.argv[1:]:
    began = time.perf_counter()
    make(grader.load(name), 12345)
    print(time.perf_counter() - began)
"""

# The functions of a submission, called with the cases of a record, in this process: what no isolation at all costs.
FLOOR = """
import sys, time
from pathlib import Path
import numpy as np
import grader
from grader.reference.prepare import prepare
record = prepare(grader.load("tanh_layer"))
inputs = [tuple(case.values[name] for name in "WXB") for case, _ in record.cases]
source = Path(sys.argv[1]).read_text()
if len(sys.argv) > 2:
    import torch
    expected = [torch.autograd.functional.jacobian(lambda W: torch.tanh(W @ torch.tensor(X) + torch.tensor(B)), torch.tensor(W))
                for W, X, B in inputs]
times = []
for _ in range(200):
    began = time.perf_counter()
    module = {}
    exec(compile(source, "answer.py", "exec"), module)
    for arrays in inputs:
        for function in ("dY_dW", "dY_dB"):
            module[function](*(array.copy() for array in arrays))
    times.append(time.perf_counter() - began)
    if len(sys.argv) > 2:
        break
print(sorted(times)[len(times) // 2])
"""


def copies(few: int = 20, many: int = 120) -> None:
    """Print what one more copy of a submission costs."""
    answer = ROOT / "solutions" / "tanh_layer.py"
    seconds = {}
    with tempfile.TemporaryDirectory() as folder:
        for count in (few, many):
            submitted = Path(folder, f"{count}")
            submitted.mkdir()
            for number in range(count):  # a comment, so that no two are the same file
                (submitted / f"s{number:03}.py").write_text(f"{answer.read_text(encoding='utf-8')}# {number}\n", encoding="utf-8")
            command = (
                *GRADER,
                "grade",
                str(submitted),
                "-a",
                "tanh_layer",
                "-o",
                f"{folder}/out{count}",
                "--jobs",
                "1",
                "--quiet",
            )
            began = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            seconds[count] = time.perf_counter() - began
    marginal = (seconds[many] - seconds[few]) / (many - few)
    floor = float(subprocess.run((sys.executable, "-c", FLOOR, answer), check=True, capture_output=True, text=True).stdout)
    fresh = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run((sys.executable, "-c", FLOOR, answer, "torch"), check=True, capture_output=True)
        fresh.append(time.perf_counter() - began)
    process = statistics.median(fresh)
    print(f"\none more right tanh_layer submission (one job, both runs), ms: {1000 * marginal:.1f}")
    print(f"  its functions in one process without isolation {1000 * floor:8.2f}   {marginal / floor:7.1f} times that")
    print(f"  a fresh python with torch each                 {1000 * process:8.0f}   1/{process / marginal:.0f} of that")


def main(rounds: int) -> None:
    """Print all tables."""
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
    copies()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
