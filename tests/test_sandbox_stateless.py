"""What is shown to keep nothing and to draw nothing, what is left open, and that nothing is called stateless that is not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from grader.call import Argument, Constant, Given, Group, Name, Table
from grader.exercise import Limits
from grader.outcome import Status
from grader.sandbox import Sandbox, frames, protocol, stateless
from grader.trial import Job, Source, TaskPlan, Trial

SOLUTIONS = sorted((Path(__file__).parents[1] / "solutions").glob("*.py"))
METHOD = "fork" if sys.platform == "linux" else "spawn"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One sandbox for all."""
    with Sandbox("numpy", "best" if METHOD == "fork" else "none") as made:
        yield made


def job(*sources: Source | str | bytes, function: str = "f") -> Job:
    """Calls of `f(x)` at x = 1, 2, 3."""
    made = [
        one if isinstance(one, Source) else Source(name="answer.py", cells=(one if isinstance(one, bytes) else one.encode(),))
        for one in sources
    ]
    inputs = tuple([{"x": np.array(value)} for value in (1.0, 2.0, 3.0)])
    plan = TaskPlan(function=function, arguments=(Name("x"),), returns=("y",), inputs=inputs)
    return Job(sources=tuple(made), tasks=(plan,), arrays="numpy", limits=Limits(seconds=2, memory_mib=512))


def is_taken(source: str) -> bool:
    """Whether reading finds it harmless."""
    return stateless.Reading().take(compile(source, "answer.py", "exec", dont_inherit=True), source.encode())


def is_shown(sandbox: Sandbox, *sources: Source | str | bytes) -> bool:
    """Whether a submission is shown to be stateless."""
    trial: Trial = sandbox.run(job(*sources))
    assert trial.status is None, trial
    return trial.is_stateless


def notebook(*cells: str) -> Source:
    """A notebook of these code cells."""
    return Source(name="answer.ipynb", cells=tuple(cell.encode() for cell in cells), is_notebook=True)


SHOWN = {
    "arithmetic": "def f(x): return 2 * x ** 2 % 3",
    "numpy": "import numpy as np\ndef f(x):\n    '''Text that says %s.'''\n    return 1 - np.tanh(x) ** 2",
    "numpy's names": "from numpy import tanh, exp as e\nfrom math import pi\ndef f(x): return tanh(x) * e(x) * pi",
    "a name for one of numpy's": "import numpy as np\ntanh = np.tanh\ndef f(x): return tanh(x)",
    "constants": "RATE, SIZES, NONE = 0.1, (1, 2), None\ndef f(x, a=2.0, *, b=(1, 2)): return RATE * x * SIZES[0] * a",
    "functions that call functions": "def g(x): return h(x) + 1\ndef h(x): return x\ndef f(x): return g(h(x))",
    "a loop that fills an array": (
        "import numpy as np\ndef f(x):\n    J = np.zeros((2, 2))\n    for i in range(2):\n        J[i, i] += x\n    return J"
    ),
    "functions in a function": (
        "def f(x):\n    n = 0\n    def g(y):\n        nonlocal n\n        n += 1\n        return y + n\n    return g(x) + g(x)"
    ),
    "comprehensions": "def f(x): return sum([x * i for i in range(3)]) + sum(i for i in range(2)) + {1: x}[1]",
    "einsum": 'import numpy as np\ndef f(x): return np.einsum("i,ij->j", np.ones(2) * x, np.eye(2))',
    "einsum over two lines": 'import numpy as np\r\ndef f(x):\r\n    return np.einsum("i,i->" , np.ones(2),\r\n np.ones(2) * x)',
    "lambda": "import numpy as np\nf = lambda x: np.cosh(x) ** -2",
    "one of numpy's own": "import numpy as np\nf = np.cos",
    "import in a function": "def f(x):\n    import numpy as np\n    from math import exp\n    return np.tanh(x) * exp(0)",
    "arguments in a tuple": "def g(*a): return a[0]\ndef f(*a): return g(*a)",
    "annotations": "from __future__ import annotations\nimport numpy as np\ndef f(x: np.ndarray) -> np.ndarray: return x",
    "annotations that are evaluated": "import numpy as np\ndef f(x: np.ndarray, y: float = 1.0) -> np.ndarray: return x",
    "einsum over lines": 'import numpy as np\ndef f(x):\n    return np.einsum(\n        "i->",\n        np.ones(2) * x,\n    )',
    "annotations of typing": "from typing import List, Optional\ndef f(x: List[float], y: Optional[int] = None): return x",
    "a coding that is the usual one": "#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\ndef f(x): return x",
    "what an exception says": (
        "def f(x):\n    assert x.shape == (), 'a number'\n    if x is None: raise ValueError('none')\n    return x"
    ),
    "views of arrays": "import numpy as np\ndef f(x): return np.ones(2).view() * x if isinstance(x, float) else x",
    "draws while loading": "import numpy as np\nRATE = np.random.rand()\ndef f(x): return x * RATE",
    "draws that are seeded": "import numpy as np\nrng = np.random.default_rng(0)\nR = rng.uniform()\ndef f(x): return x * R",
    "draws in a comprehension": "import numpy as np\nprint([np.random.rand() for _ in range(2)])\ndef f(x): return x",
    "annotations in others": (
        "import numpy as np\ndef f(x: list[np.ndarray], y: 'int' = 1, *, z: float = 2.0) -> tuple[np.ndarray, np.ndarray]:\n"
        "    return x"
    ),
    "an assertion": "def f(x):\n    assert x.shape == ()\n    if x is None: raise ValueError\n    return x",
    "a demonstration below": (
        "import numpy as np\ndef f(x): return x\nif __name__ == '__main__':\n    np.random.seed(0)\n"
        "    W = np.random.randn(2, 3)\n    print(f'{W.shape}', 'and', f(W), '%s' % W)\n"
    ),
    "a demonstration that runs": (
        "import numpy as np\ndef f(x): return x\nseen = [f(2.0)]\nseen.append(np.random.rand())\nprint(seen)"
    ),
    "the starter's check": "import grader\ndef f(x): return x\ngrader.check('tanh_derivative', f=f)",
    "a module that is not there": "import torch\ndef f(x): return x",
}


@pytest.mark.parametrize("source", SHOWN.values(), ids=SHOWN)
def test_plain_submissions_are_shown_to_be_stateless(sandbox: Sandbox, source: str) -> None:
    """What students write who derive a formula."""
    assert is_shown(sandbox, source)


OPEN = {
    "a list that lasts": "seen = []\ndef f(x):\n    seen.append(x)\n    return len(seen)",
    "a list that may last": "seen = [1] if [0] else 2\ndef f(x): return x * seen[0]",
    "an array that lasts": "import numpy as np\nseen = np.zeros(1)\ndef f(x):\n    seen[0] += 1\n    return seen[0]",
    "a name of a list": "class A: pass\nseen = A()\nother = seen\ndef f(x): return x if other else 0",
    "an array behind a name": "import numpy as np\na = np.ones((1, 1))\nb = a.T\ndef f(x):\n    b[0, 0] += 1\n    return b[0, 0]",
    "a default that lasts": "def f(x, seen=[]):\n    seen.append(x)\n    return len(seen)",
    "a keyword's default that lasts": "def f(x, *, seen={}):\n    seen[0] = seen.get(0, 0) + 1\n    return seen[0]",
    "a default in a tuple": "def f(x, seen=(1, [])):\n    seen[1].append(x)\n    return len(seen[1])",
    "a global": "n = 0\ndef f(x):\n    global n\n    n += 1\n    return n",
    "a closure": (
        "def make():\n    n = 0\n    def f(x):\n        nonlocal n\n        n += 1\n        return n\n    return f\nf = make()"
    ),
    "a list in a closure": "def make(seen):\n    return lambda x: (seen.append(x), len(seen))[1]\nf = make([])",
    "an attribute of a function": "def f(x):\n    f.n = getattr(f, 'n', 0) + 1\n    return f.n",
    "an attribute of a module": "import numpy as np\ndef f(x):\n    np.n = 1\n    return x",
    "an attribute that is deleted": "def f(x):\n    return x\ndef g():\n    del f.n",
    "numpy that is changed": "import numpy as np\nnp.tanh = lambda x: x\ndef f(x): return np.tanh(x)",
    "numpy's namespace": "from numpy import __dict__ as names\nnames['tanh'] = [].append\ndef f(x): return x",
    "setattr": "import numpy as np\nsetattr(np, 'tanh', abs)\ndef f(x): return x",
    "setattr that may be its own": (
        "import numpy as np\nif np.zeros(1)[0]: setattr = 1\nsetattr(np, 'n', abs)\ndef f(x): return x"
    ),
    "setattr in a list": "import numpy as np\n[setattr(np, 'n', i) for i in range(2)]\ndef f(x): return x",
    "other built-ins": "seen = []\n__builtins__ = {'max': seen.append}\ndef f(x): return max(x)",
    "the built-ins themselves": "seen = []\n__builtins__['max'] = lambda x: seen.append(x) or len(seen)\ndef f(x): return max(x)",
    "exec by way of the built-ins": "__builtins__['exec']('seen = []')\ndef f(x): return x",
    "names of keywords": (
        "import numpy as np\ndef f(x):\n    a = np.array(max(dict(n=1)) * 40)\n    a[()] = f\n    return a == a[()]"
    ),
    "names of options": (
        "import numpy as np\ndef g(**a): return max(a)\n"
        "def f(x):\n    a = np.array(g(n=1) * 40)\n    a[()] = f\n    return a == a[()]"
    ),
    "memory of a constant": "text = b'12345678'\ndef f(x): return x",
    "memory of a constant in a tuple": "text = (1, (b'12345678',))\ndef f(x): return x",
    "draws that are not seeded": "import numpy as np\nRATE = np.random.default_rng().uniform()\ndef f(x): return x * RATE",
    "draws that None seeds": "import numpy as np\nRATE = np.random.default_rng(None).uniform()\ndef f(x): return x * RATE",
    "draws that are seeded elsewhere": "import numpy as np\nmake = (np.random.default_rng, 0)[0]\ndef f(x): return x",
    "draws that are seeded anew": "import numpy as np\nnp.random.seed()\ndef f(x): return x",
    "entries that are not set, while loading": "import numpy as np\nR = np.add([1], 1, where=[False])\ndef f(x): return x",
    "addresses by way of a buffer": (
        "import numpy as np\nkept = np.array([1.5, 2.5], dtype='O')\nsame = np.ndarray((2,), 'i8', kept)\ndef f(x): return x"
    ),
    "a buffer by another name": "from numpy import ndarray\nsame = ndarray(3)\ndef f(x): return x",
    "a buffer by a tuple": "import numpy as np\nkind = (np.ndarray, 'x')[0]\nsame = kind(3)\ndef f(x: int): return x",
    "a buffer by a default": "import numpy as np\ndef f(x: int, kind='x', same=np.ndarray): return x",
    "a buffer by a keyword's default": "import numpy as np\ndef f(x: int, *, same=np.ndarray): return x",
    "a buffer by a default alone": "import numpy as np\ndef f(x, same=np.ndarray): return x",
    "a buffer by a default in a tuple": "import numpy as np\ndef f(x: int, same=(np.ndarray, 'x')): return x",
    "a buffer by a lambda": "import numpy as np\ng = lambda x, same=np.ndarray: same(3)\ng(0)\ndef f(x): return x",
    "a buffer by a decorator": "import numpy as np\n@np.ndarray\ndef g(x: int): return x\ndef f(x): return x",
    "a buffer in a comprehension": "import numpy as np\nkept = [np.ndarray(3) for _ in range(2)]\ndef f(x): return x",
    "what printing calls": (
        "import numpy as np\nrest = [1, 2].pop\nnp.set_printoptions(formatter={'all': lambda x: rest()})\ndef f(x): return x"
    ),
    "text that is returned": "def g(): return 'a%s'\ndef f(x): return len(g() % f)",
    "text with something, raised": "def f(x): raise ValueError('a' % f)",
    "text for one that is not raised": "def g(s): return s\ndef f(x): return len(g('a'))",
    "einsum in a comment": "import numpy as np\ndef f(x):\n    return np.einsum((  # .einsum(\n        'i', f)[0], x)",
    "einsum in text before": "def g(s, t): return len(s)\ndef f(x): return g('''\n.einsum(\n''' 'i', x)",
    "a coding after the usual one": "# coding: utf-8\n# coding: utf-7\ndef f(x): return x",
    "a coding like the usual one": "# coding: utf-8.x\ndef f(x): return x",
    "a built-in that was replaced": "seen = []\nmax = seen.append\ndef f(x): return max(x) or 1.0",
    "chance": "import numpy as np\ndef f(x): return np.random.rand()",
    "chance by another name": "from numpy import random\ndraw = random.rand\ndef f(x): return draw()",
    "chance from torch": "def f(x):\n    from torch import rand\n    return x",
    "the module random": "import random\ndef f(x): return random.random()",
    "time": "import time\ndef f(x): return time.time()",
    "old memory": "import numpy as np\ndef f(x): return np.empty(3)",
    "old memory by another name": "import numpy as np\nfresh = np.ndarray\ndef f(x): return fresh((3,))",
    "entries that are not set": "import numpy as np\ndef f(x): return np.add(x, [1, 2], where=[True, False])",
    "entries that are not set, in options": "import numpy as np\ndef f(x): return np.add(x, 1, **{})",
    "an address": "def f(x): return id(x)",
    "a hash": "def f(x): return hash(f)",
    "an address as text": "def f(x): return float(len(repr(f)))",
    "an address by format": "def f(x): return len(f'{f}')",
    "an address by %": "def f(x): return len('%s' % f)",
    "an address in an array of text": (
        "import numpy as np\ndef f(x):\n    a = np.array('0' * 40)\n    a[()] = f\n    return a == a[()]"
    ),
    "text that einsum is not given": (
        "import numpy as np\ndef f(x):\n    return np.einsum((s := 'i,i->'), np.ones(2), np.ones(2)) + len(s)"
    ),
    "text for a function of its own": (
        "import numpy as np\ndef g(s): return np.ones(len(s))\ndef f(x): return np.einsum(g('i,'), [0])"
    ),
    "text that looks like einsum's": ("import numpy as np\ndef g(s, t): return len(s)\ndef f(x): return g('.einsum(' 'U20', x)"),
    "a word of numpy's": "import numpy as np\ndef f(x): return np.array(x, dtype='U20')",
    "a set": "def f(x): return {1, 2, x}",
    "a class": "class A:\n    n = 0\ndef f(x):\n    return x",
    "a decorator that keeps": "import functools\n@functools.cache\ndef f(x): return x",
    "try": "def f(x):\n    try:\n        return x\n    except ValueError as error:\n        return len(error.args)",
    "with": "import numpy as np\ndef f(x):\n    with np.errstate(all='ignore'):\n        return x",
    "numpy's settings": "import numpy as np\ndef f(x):\n    np.seterr(all='raise')\n    return x",
    "a file": "def f(x): return open('/etc/passwd').read()",
    "exec": "exec('seen = []')\ndef f(x): return x",
    "a generator that goes on": (
        "def count():\n    n = 0\n    while True:\n        n += 1\n        yield n\n"
        "numbers = count()\ndef f(x): return x + len(list(zip(numbers, [1])))"
    ),
    "an iterator that ends": "rest = map(abs, [1, 2, 3])\ndef f(x): return x + len(list(zip(rest, [1])))",
    "a method of a list": "seen = []\nkeep = seen.append\ndef f(x): return keep(x) or 1.0",
    "everything of a module": "from numpy import *\ndef f(x): return tanh(x)",
    "a star and options": "def g(*a, **b): return a[0]\ndef f(*a, **b): return g(*a, **b)",
    "another coding": "# coding: utf-7\ndef f(x): return x",
    "what does not load": "def f(x): return x\ndef g(x) return x",
    "a function that is not there": "def g(x): return x\nf = {}.get",
}


@pytest.mark.parametrize("source", OPEN.values(), ids=OPEN)
def test_what_could_keep_or_draw_something_is_left_open(sandbox: Sandbox, source: str) -> None:
    """It is called a second time, as it would be without any reading."""
    assert not is_shown(sandbox, source)


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_model_answers_are_shown(path: Path) -> None:
    """Those of the catalogue: what is not shown of them is slow for a whole class."""
    source = path.read_bytes()
    reading = stateless.Reading()
    code = compile(source, path.name, "exec")
    assert reading.take(code, source)
    names: dict[str, object] = {"__name__": "answer"}
    exec(code, names)
    assert reading.are_stateless([thing for name, thing in names.items() if not name.startswith("__")])


def test_cells_share_what_they_define(sandbox: Sandbox) -> None:
    """In a notebook; magics are no Python, and text stands where it stands without them."""
    einsum = 'def f(x):\n    return np.einsum("i,i->", np.ones(2), np.ones(2)) * g(x)'
    assert is_shown(sandbox, notebook("%matplotlib inline\nimport numpy as np", "%%time\ndef g(x): return x", einsum, "f(2.0)"))
    assert not is_shown(sandbox, notebook("import numpy as np\nseen = []", "def g(x): return seen.append(x) or x", einsum))
    assert not is_shown(sandbox, notebook("def f(x): return x", "f.n = 1"))
    for cells in (
        ("import numpy as np\nkind = np.ndarray", "kind(3)"),
        ("def g(): return kind(3)", "import numpy as np\ng()\nkind = np.ndarray"),
    ):
        assert not is_shown(sandbox, notebook(*cells, "def f(x): return x"))


def test_places_are_counted_as_the_compiler_does(sandbox: Sandbox) -> None:
    """A byte-order mark, or bytes that are no text, must not shift a text to where einsum would get it."""
    line = "g=lambda s,t:len(s);f=lambda x,np=0:np.einsum(gg('i,i->,a',x),x)"
    assert not is_shown(sandbox, b"\xef\xbb\xbf" + line.encode())
    shifted = Source(
        name="answer.ipynb", cells=(b"gg = g = len\nf = lambda x: '\xff\xff' and np.einsum(g('i,a'),x)",), is_notebook=True
    )
    assert not is_shown(sandbox, shifted)
    assert is_shown(sandbox, b"\xef\xbb\xbfimport numpy as np\ndef f(x): return np.einsum('i->', x * np.ones(2))")


def test_files_are_not_taken_for_libraries(sandbox: Sandbox) -> None:
    """A module of the submission's under a library's name may do anything."""
    mine = Source(name="torch.py", cells=(b"seen = []\ndef exp(x):\n    seen.append(x)\n    return len(seen)",))
    assert not is_shown(sandbox, "import torch\ndef f(x): return torch.exp(x)", mine)
    package = [
        Source(name="work/math.py", cells=(b"seen = []\ndef exp(x):\n    seen.append(x)\n    return len(seen)",)),
        Source(name="work/answer.py", cells=(b"def f(x):\n    from .math import exp\n    return exp(x)",)),
    ]
    assert not is_shown(sandbox, *package)
    inside = Source(name="numpy/softmax.py", cells=(b"sum = [0]",))  # not there in numpy itself
    counts = "def f(x):\n    from numpy import softmax\n    softmax.sum[0] += 1\n    return softmax.sum[0]"
    assert not is_shown(sandbox, counts, inside)
    deeper = Source(name="work/numpy/exp.py", cells=(b"at = [0]",))
    counts = "def f(x):\n    from .numpy import exp\n    exp.at[0] += 1\n    return exp.at[0]"
    assert not is_shown(sandbox, Source(name="work/answer.py", cells=(counts.encode(),)), deeper)
    helper = Source(name="helper.py", cells=(b"def g(x): return x",))
    assert not is_shown(sandbox, "from helper import g\ndef f(x): return g(x)", helper)
    assert is_shown(sandbox, "def f(x): return x", helper)


def test_memory_of_bytes_is_out_of_reach() -> None:
    """Where torch is there, its `asarray` makes an array of the very memory; numpy's does not."""
    import torch

    memory = bytearray(8)
    torch.asarray(memory, dtype=torch.float64)[0] = 1.0
    assert memory != bytearray(8)
    assert not is_taken("import torch\nkept = torch.asarray(1.0)")


def test_a_coding_of_its_own_is_not_run_while_it_is_read(sandbox: Sandbox) -> None:
    """What decodes a source could be a file of the submission."""
    evil = Source(name="encodings/evil.py", cells=(b"print('here')\nraise SystemExit",))
    trial = sandbox.run(job("# coding: evil\ndef f(x): return x", evil))
    assert not trial.is_stateless


@pytest.mark.parametrize(
    "argument",
    [Table((("n", Name("x")),)), Constant("n"), Group((Name("x"), Group((Constant("n"),))))],
    ids=["keys", "option", "in a tuple"],
)
def test_text_that_an_exercise_gives_leaves_it_open(sandbox: Sandbox, argument: Argument) -> None:
    """An array of text made of it takes the address of a function, and shows it letter by letter."""
    asked = job("def f(x): return 1.0")
    (plan,) = asked.tasks
    given = Given(name="made", function="f", arguments=(argument,))
    for one in (replace(plan, arguments=(argument,)), replace(plan, given=(given,))):
        assert not sandbox.run(replace(asked, tasks=(one,))).is_stateless
    assert sandbox.run(replace(asked, tasks=(replace(plan, arguments=(Group((Name("x"), Constant(1))),)),))).is_stateless


def test_names_are_told_apart_from_one_another() -> None:
    """By the places that this Python's instructions mean, of which some mark the lowest bit: none hides behind another name."""
    names = "np.sum; np.exp; np.log; np.sin; np.cos; np.tan"
    assert is_taken(f"import numpy as np\ndef f(x):\n    {names}\n    return np.zeros(3)")
    for hidden in ("empty(3)", "random", "n"):
        assert not is_taken(f"import numpy as np\ndef f(x):\n    {names}\n    return np.{hidden}")
        assert not is_taken(f"import numpy as np\ndef f(x):\n    return np.{hidden}, np.array(({names.replace(';', ',')}))")
    many = "\n".join(f"    a{number} = b{number} + {number}.5" for number in range(300))  # more than a byte can count
    assert is_taken(f"import numpy as np\ndef f(x):\n{many}\n    return np.add(x, 1, out=x)")
    assert not is_taken(f"import numpy as np\ndef f(x):\n{many}\n    return np.add(x, 1, where=x)")
    assert not is_taken(f"import numpy as np\ndef f(x):\n{many}\n    return np.empty(3)")


def test_draws_with_a_seed_beyond_a_byte_are_left_open() -> None:
    """The last byte of a constant's place is the place of another constant."""
    many = "\n".join(f"a = {number}.5" for number in range(300))
    assert is_taken("import numpy as np\nnp.random.seed(7)\n")
    assert not is_taken(f"import numpy as np\n{many}\nnp.random.seed(None)\n")


def test_nobody_speaks_before_the_reading(sandbox: Sandbox) -> None:
    """Student code that says of itself that it keeps nothing is not heard: the frame before it said otherwise."""
    source = "import sys\nfor name, module in list(sys.modules.items()):\n    if name.endswith('stateless'):\n"
    source += "        module.Reading.are_stateless = lambda *_: True\n        module.Reading.take = lambda *_, **__: True\n"
    assert not is_shown(sandbox, source + "seen = []\ndef f(x):\n    seen.append(x)\n    return len(seen)")


def test_the_frame_of_the_reading() -> None:
    """One byte: yes, or no; anything else is a breach."""
    for said in (True, False):
        (head, body) = protocol.pack_read(said, 7)
        assert frames.HEADER.unpack(head)[1:] == (frames.READ, 7, 1)
        assert protocol.unpack_read(memoryview(bytes(body))) is said
    assert protocol.unpack_read(memoryview(b"\2")) is False
    with pytest.raises(frames.ProtocolError):
        protocol.unpack_read(memoryview(b""))


def test_names_in_the_lists_hold_nothing() -> None:
    """No name of a library's that is in the list is a thing that can be changed: none is a container."""
    import torch

    kinds = set()
    for name in stateless.MODULES:
        module: ModuleType = pytest.importorskip(name)
        for attribute in stateless.ATTRIBUTES:
            thing = getattr(module, attribute, None)
            kinds.add(type(thing))
            assert not isinstance(thing, list | dict | set | np.ndarray | torch.Tensor), (name, attribute)
            if isinstance(thing, ModuleType):
                assert thing.__name__ in stateless.MODULES | {"torch.functional"}, (name, attribute)
    assert {kind.__name__ for kind in kinds} <= {
        "NoneType", "float", "function", "builtin_function_or_method", "ufunc", "_ArrayFunctionDispatcher", "type", "module",
        "dtype", "_DTypeMeta", "OpOverloadPacket", "ABCMeta", "_NumPyTypeMeta",
    }  # fmt: skip
    assert not stateless.ATTRIBUTES & set(dir(test_names_in_the_lists_hold_nothing))  # nor of a function


def test_what_is_shown_answers_alike_in_any_order(sandbox: Sandbox) -> None:
    """The claim itself, on everything above that is shown."""
    for name, source in SHOWN.items():
        forwards = job(source)
        (task,) = forwards.tasks
        backwards = Job(
            sources=forwards.sources,
            tasks=(TaskPlan(function="f", arguments=task.arguments, returns=task.returns, inputs=task.inputs[::-1]),),
            arrays="numpy",
            limits=forwards.limits,
        )
        first, second = sandbox.run(forwards).tasks[0].answers, sandbox.run(backwards).tasks[0].answers[::-1]
        for one, other in zip(first, second, strict=True):
            assert one.status is other.status, name
            if one.status is not Status.RAISED:
                np.testing.assert_array_equal(np.asarray(one.items[0]), np.asarray(other.items[0]), name)
