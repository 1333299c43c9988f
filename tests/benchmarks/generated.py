"""A generated class: right answers to the five seed exercises and the usual wrong ones, every file different."""

from __future__ import annotations

import random
import re
from pathlib import Path

EXERCISES = ("tanh_derivative", "chain_rule", "scalar_linear", "linear_layer", "tanh_layer")
SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"

# How one function of a right answer goes wrong: {f} is its name, _{f} the right one.
MISTAKES = (
    "def {f}(*a):\n    return -_{f}(*a)\n",
    "def {f}(*a):\n    return 2 * _{f}(*a)\n",
    "def {f}(*a):\n    return np.transpose(_{f}(*a))\n",
    "def {f}(*a):\n    return np.zeros_like(_{f}(*a))\n",
    "def {f}(*a):\n    return _{f}(*a) + 0.1\n",
    "def {f}(*a):\n    return np.asarray(_{f}(*a))[None]\n",
    "def {f}(*a):\n    return 1 - np.tanh(a[0]) ** 2\n",
    "def {f}(*a):\n    raise ValueError('shapes do not fit')\n",
    "def {f}(*a):\n    _{f}(*a)\n",
    "def {f}(*a):\n    raise NotImplementedError\n",
)


def write_class(folder: Path, students: int, *, seed: int = 0, right: float = 0.5) -> Path:
    """STUDENT/EXERCISE.py for every student; `right` is the share of files without a mistake."""
    draw = random.Random(seed)
    texts = {exercise: (SOLUTIONS / f"{exercise}.py").read_text(encoding="utf-8") for exercise in EXERCISES}
    for number in range(1, students + 1):
        name = f"s{number:05}"
        (folder / name).mkdir(parents=True)
        for exercise, text in texts.items():
            answer = text if draw.random() < right else _wrong(text, draw)
            (folder / name / f"{exercise}.py").write_text(f"{answer}\n# {name}\n", encoding="utf-8")
    return folder


def _wrong(text: str, draw: random.Random) -> str:
    """Make each function of an answer wrong at even chances, and at least one."""
    functions = re.findall(r"^def (\w+)", text, re.MULTILINE)
    chosen = [name for name in functions if draw.random() < 0.5] or [draw.choice(functions)]
    for name in chosen:
        text = re.sub(rf"\b{name}\b", f"_{name}", text)
        text += "\n\n" + draw.choice(MISTAKES).format(f=name)
    return "import numpy as np\n" + text.replace('"""', '"""', 1) if "import numpy" not in text else text


def write_assignment(path: Path) -> Path:
    """Write the five exercises as an assignment in numpy."""
    path.write_text(f"schema: 1\ntitle: Five seed exercises\nexercises: [{', '.join(EXERCISES)}]\n", encoding="utf-8")
    return path
