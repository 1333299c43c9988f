"""
Random formulas over the whole language, two or three functions deep, and cross-checks of their derivatives.

`python tests/support/random_formulas.py 300` tries so many, at continuous draws and at small whole numbers, where kinks and
singular points are frequent; it prints how many cases were accepted, and why others were not. An accepted reference that full
central differences contradict is a fault of the grader.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterator

from grader.errors import GraderError
from grader.exercise.formula import parse
from grader.exercise.loading import parse_exercise
from grader.exercise.model import Exercise
from grader.reference import cases
from grader.reference.model import Case
from grader.reference.torch import compute, numerical
from grader.reference.torch.threads import one_thread

Shape = tuple[str, ...]
SHAPES: dict[str, Shape] = {"x": ("n",), "u": ("m",), "X": ("m", "n"), "A": ("n", "n"), "s": ()}
DRAWS = ("normal", "positive", "uniform(0.1, 0.9)", "integers(0, 2)", "integers(-1, 1)")
UNARY = (
    *("exp", "expm1", "log", "log1p", "log2", "log10", "tanh", "sinh", "cosh", "sin", "cos", "tan", "arcsin", "arccos", "arctan"),
    *("sqrt", "cbrt", "square", "reciprocal", "abs", "sign", "sigmoid", "logsigmoid", "softplus", "relu", "leaky_relu", "elu"),
    *("gelu", "silu", "erf"),
)
REDUCTIONS = ("sum", "mean", "var", "std", "max", "min", "prod", "logsumexp", "norm")
ALLOWED = 1e-4  # of full differences, at functions that may be as steep as tan(sinh(x))

_ELEMENTWISE = (
    *("{f}({a})",) * 6,
    *("({a} {o} {a})",) * 4,
    *("({a}) ** {p}",) * 2,
    *("where({a} > 0.3, {a}, {a})", "clip({a}, -1, 0.5)", "maximum({a}, {a})", "minimum({a}, {a})", "arctan2({a}, {a})"),
    *("gelu({a}, approximate='tanh')",),
)
_ARRAYS = ("flip({a})", "roll({a}, 1)", "cumsum({a}, axis=0)", "cumprod({a}, axis=0)", "stack(({a}, {a}), axis=0)[1]")


class Writer:
    """A writer of random formulas: the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def formula(self, shape: Shape, depth: int) -> str:
        """Write a formula of a shape, no deeper than `depth`."""
        pick = self.random.choice
        names = [name for name, its in SHAPES.items() if its == shape]
        if names and (depth <= 0 or self.random.random() < 0.1):
            return pick(names)
        if depth <= 0:
            return "X.T" if shape == ("n", "m") else "(X @ X.T)"
        patterns = [*_ELEMENTWISE, *(_ARRAYS if shape else ())]
        patterns += {0: self._scalars, 1: self._vectors, 2: self._matrices}[len(shape)](shape)
        return self._filled(pick(patterns), shape, depth)

    def _filled(self, pattern: str, shape: Shape, depth: int) -> str:
        pick = self.random.choice
        pattern = pattern.replace("{f}", pick(UNARY)).replace("{r}", pick(REDUCTIONS))
        pattern = pattern.replace("{p}", pick(("2", "3", "-1", "0.5", "1.5", "2.0"))).replace("{o}", pick("+-*/*"))
        while "{" in pattern:
            before, _, rest = pattern.partition("{")
            hole, _, after = rest.partition("}")
            its = shape if hole == "a" else tuple(hole)
            pattern = before + self.formula(its, depth - 1) + after
        return pattern

    def _scalars(self, shape: Shape) -> list[str]:
        reduced = ["{r}({n})", "{r}({m})", "{r}({mn})", "{r}({nn})", "norm({n}, 3)", "norm({m}, 1)"]
        return [*reduced * 3, *("dot({n}, {n})", "({n} @ {nn} @ {n})", "trace({nn})", "det({nn})", "logdet({nn})") * 3]

    def _vectors(self, shape: Shape) -> list[str]:
        (k,) = shape
        other = self.random.choice("mn")
        products = [f"({{{k}{other}}} @ {{{other}}})", f"{{r}}({{{k}{other}}}, axis=1)", f"{{r}}({{{other}{k}}}, axis=0)"]
        own = ["softmax({a})", "log_softmax({a})", "cumsum({a})", f"diag({{{k}{k}}})", "({a})[::-1]", f"solve({{{k}{k}}}, {{a}})"]
        return [*products * 3, *own]

    def _matrices(self, shape: Shape) -> list[str]:
        first, second = shape
        other = self.random.choice("mn")
        found = [f"({{{first}{other}}} @ {{{other}{second}}})"] * 3
        found += [f"outer({{{first}}}, {{{second}}})", f"({{{second}{first}}}).T", "tril({a})", "triu({a}, 1)"]
        found += ["softmax({a}, axis=0)", "log_softmax({a}, axis=-1)", "cumprod({a}, axis=1)"]
        found += ["({a} - mean({a}, axis=1, keepdims=True)) / sqrt(var({a}, axis=1, keepdims=True) + 0.01)"]
        if shape == ("n", "n"):
            found += ["inv({a})", "inv({a} + 3 * eye(n))", "solve({a}, {a})", "cholesky({a} @ ({a}).T + eye(n))", "diag({n})"]
        return found

    def exercise(self) -> Exercise | None:
        """Write an exercise about one derivative of a random formula; None if loading refuses it, such as sqrt(-1)."""
        pick = self.random.choice
        shape: Shape = pick([(), (), (), ("n",), ("m",), ("m", "n")])
        formula = self.formula(shape, pick((2, 3)))
        used = [name for name in SHAPES if name in parse(formula).names]
        if not used:
            return None
        kind = "jacobian" if shape else pick(("gradient", "hessian"))
        draw = pick(DRAWS)
        inputs = "".join(f"  {name}: {' '.join(SHAPES[name]) or 'scalar'} ~ {draw}\n" for name in used)
        try:
            return parse_exercise(
                f"schema: 1\ntitle: T\ndims: {{n: 2..3, m: 2..3}}\ninputs:\n{inputs}forward:\n  y: {formula}\n"
                f"tasks:\n  - call: g({', '.join(used)})\n    returns:\n      r: {{{kind}: y, wrt: {pick(used)}}}\n",
                "t",
            )
        except GraderError:
            return None


def exercises(count: int, seed: int) -> Iterator[Exercise]:
    """Yield so many random exercises."""
    writer = Writer(seed)
    while count:
        if (found := writer.exercise()) is not None:
            count -= 1
            yield found


def judged(exercise: Exercise, seed: int = 0, plans: int = 4) -> Iterator[tuple[Case, str]]:
    """Yield cases of an exercise with "" if the reference is accepted and right; else the reason, or WRONG and by how much."""
    ((task, target),) = exercise.targets()
    for plan in cases.plan_cases(exercise, seed)[:plans]:
        case = cases.draw_case(exercise, plan, seed, 0)
        found = compute.expected(exercise, case, accept_zero=True)
        if isinstance(found, compute.Redraw):
            yield case, found.reason
            continue
        gap = numerical.gap(compute.point_of(exercise, case), target, found.targets[task.function, target.name])
        yield case, f"WRONG by {gap:.2g}" if gap is not None and gap > ALLOWED else ""


_REASONS = (
    "WRONG",
    "ill-conditioned",
    "jumps",
    "forward mode",
    "differences",
    "kink within",
    "beside it",
    "not finite",
    "singular",
)


def main(count: int, seed: int) -> None:
    """Print the results of so many formulas."""
    counts: Counter[str] = Counter()
    with one_thread():
        for exercise in exercises(count, seed):
            for case, reason in judged(exercise):
                name = next((word for word in _REASONS if word in reason), "says nothing") if reason else "accepted"
                counts[name] += 1
                if name in _REASONS[:5]:
                    values = {key: value.tolist() for key, value in case.values.items()}
                    print(f"{exercise.forward[0].formula}\n    {exercise.tasks[0].targets[0].kind} at {values}\n    {reason}")
    print(f"{count} formulas")
    for name, times in counts.most_common():
        print(f"{times:6} {name}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
