"""Loading in the child: files, notebooks, siblings, stand-ins, and what is said when something does not load."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from failures import ended, status_of, traceback_of, words_of

from grader.judging.submission import Submission
from grader.outcome import Status
from grader.render import endings
from grader.sandbox import Sandbox
from grader.sandbox.child import autodiff
from grader.sandbox.job import Job, Trial
from grader.sandbox.limits import Limits
from grader.sandbox.wire.answer import Answer
from grader.sandbox.wire.call import Call, Name
from grader.sandbox.wire.plan import Source, TaskPlan

METHOD = "fork" if sys.platform == "linux" else "spawn"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One sandbox for all: what is tested here does not depend on the walls."""
    with Sandbox("numpy", "best" if METHOD == "fork" else "none") as made:
        yield made


def run(sandbox: Sandbox, *sources: Source | str | bytes, function: str = "f") -> Trial:
    """Call `f(x)` at x = 3."""
    made = [
        source
        if isinstance(source, Source)
        else Source(name="answer.py", cells=(source if isinstance(source, bytes) else source.encode(),))
        for source in sources
    ]
    plan = TaskPlan(call=Call(function=function, arguments=(Name("x"),)), returns=("y",), inputs=({"x": np.array(3.0)},))
    return sandbox.run(Job(sources=tuple(made), tasks=(plan,), arrays="numpy", limits=Limits(seconds=2, memory_mib=512)))


def notebook(*cells: str, name: str = "answer.ipynb") -> Source:
    """Make a notebook of these code cells."""
    return Source(name=name, cells=tuple(cell.encode() for cell in cells), is_notebook=True)


def answer(trial: Trial) -> Answer:
    """Return the one answer."""
    assert status_of(trial) is None, trial
    return trial.tasks[0].answers[0]


def returned(trial: Trial) -> object:
    """Return the number that came back."""
    got = answer(trial)
    assert status_of(got) is None, got
    return got.items[0].item()  # type: ignore[union-attr]


def test_file(sandbox: Sandbox) -> None:
    """A file is loaded and its function called."""
    trial = run(sandbox, "def f(x): return 2 * x")
    assert 6.0 == returned(trial)
    assert {"f": ("answer.py",)} == trial.defined


def test_exception_keeps_what_was_defined_before(sandbox: Sandbox) -> None:
    """Functions above a failing line count; the failure is noted with its line."""
    trial = run(sandbox, "def f(x): return x\nprint(undefined)\ndef g(x): return x")
    assert 3.0 == returned(trial)
    (error,) = trial.load_errors
    assert ("answer.py", "NameError: name 'undefined' is not defined") == (error.source, error.detail)
    assert "answer.py, line 2\n    print(undefined)" == error.traceback


def test_function_below_a_failing_line_raised(sandbox: Sandbox) -> None:
    """A function that an exception kept from being defined is `raised`, with that exception."""
    got = answer(run(sandbox, "1 / 0\ndef f(x): return x"))
    assert (Status.RAISED, "answer.py did not load: ZeroDivisionError: division by zero") == ended(got)


def test_function_that_is_nowhere_is_missing(sandbox: Sandbox) -> None:
    """A function that no source defines is `missing`."""
    got = answer(run(sandbox, "def g(x): return x"))
    assert (Status.MISSING, "no function f is defined, only g") == ended(got)


def test_syntax_error_shows_its_line(sandbox: Sandbox) -> None:
    """A SyntaxError is told with line and text."""
    got = answer(run(sandbox, "def f(x)\n    return x"))
    assert "answer.py did not load: SyntaxError: expected ':' (line 1): def f(x)" == words_of(got)


@pytest.mark.parametrize(
    ("source", "detail"),
    [
        (b"def f(x):\n    return x\0", "null bytes"),
        ("def f(x): return 'é'".encode("utf-16"), "null bytes"),
        (b"def f(x): return '\xff\xfe'", "SyntaxError"),
        (b"# coding: nonsense\ndef f(x): return x", "SyntaxError: unknown encoding"),
        (b"def f(x):\n\tif x:\n        return x", "TabError"),
        ("f = " + "(" * 5000 + ")" * 5000, "nested"),
        ("f = " + "-" * 100_000 + "1", "nested too deeply"),
        (b"PK\x03\x04\x00\x00", "null bytes"),
        (b"def f(x): return " + b"9" * 5000, "SyntaxError"),
    ],
)
def test_unreadable_sources_raised(sandbox: Sandbox, source: bytes | str, detail: str) -> None:
    """What cannot be compiled is `raised` for each function, with a reason."""
    trial = run(sandbox, source)
    assert Status.RAISED == status_of(answer(trial)), trial
    assert detail in words_of(answer(trial))


@pytest.mark.parametrize(
    "source",
    [
        b"\xef\xbb\xbfdef f(x): return x",
        b"# -*- coding: latin-1 -*-\nname = '\xe9'\ndef f(x): return x * len(name)",
        b"def f(x):\r\n    return x\r\n",
        b"def f(x):\r    return x\r",
        b"\x0cdef f(x): return x",
        "def f(x):\n    μ = x\n    return μ".encode(),
    ],
    ids=["byte order mark", "latin-1", "CRLF", "CR", "form feed", "Greek"],
)
def test_odd_but_valid_sources_load(sandbox: Sandbox, source: bytes) -> None:
    """Coding cookies, byte order marks and foreign line ends are honoured."""
    assert 3.0 == returned(run(sandbox, source))


def test_main_block_does_not_run(sandbox: Sandbox) -> None:
    """`if __name__ == "__main__"` is not the case."""
    trial = run(sandbox, "def f(x): return x\nif __name__ == '__main__': f = None\nprint(__name__)")
    assert (3.0, "answer\n") == (returned(trial), trial.output)


def test_exit_while_loading_costs_all(sandbox: Sandbox) -> None:
    """sys.exit() while loading is `killed`, and said so."""
    trial = run(sandbox, "import sys\ndef f(x): return x\nsys.exit()")
    assert (Status.KILLED, "it called sys.exit() while loading (answer.py)") == ended(trial)


# --- notebooks ---


def test_cells_run_one_by_one(sandbox: Sandbox) -> None:
    """A cell that raises does not keep the next from running."""
    trial = run(sandbox, notebook("import numpy as np", "1 / 0", "def f(x): return np.square(x)"))
    assert 9.0 == returned(trial)
    assert ["answer.ipynb, cell 2"] == [error.source for error in trial.load_errors]


@pytest.mark.parametrize(
    "cell",
    [
        "%matplotlib inline",
        "%load_ext autoreload\n%autoreload 2",
        "%%time\ny = 1",
        "%%html\n<b>hello</b>",
        "help?\n?help\nlen??",
        "x = %time 3",
        "for i in range(2):\n    %timeit i",
        "display(3)",
        "get_ipython().run_line_magic('matplotlib', 'inline')",
        "from IPython.display import display, HTML\ndisplay(HTML('x'))",
    ],
)
def test_magics_cost_nothing(sandbox: Sandbox, cell: str) -> None:
    """Magics, help and display are ignored, and the rest of their cell runs."""
    trial = run(sandbox, notebook(f"{cell}\n" if cell.startswith("%%") else f"{cell}\na = 1", "def f(x): return x"))
    assert ((), 3.0) == (trial.load_errors, returned(trial))


def test_percent_inside_an_expression_is_no_magic(sandbox: Sandbox) -> None:
    """A line that starts with % but continues an expression is Python."""
    assert 1.0 == returned(run(sandbox, notebook("def f(x):\n    return (x\n        % 2)")))


@pytest.mark.parametrize("cell", ["!ls", "files = !ls", "%%bash\nls", "%%writefile a.py\nx = 1"])
def test_shell_cells_are_refused(sandbox: Sandbox, cell: str) -> None:
    """A shell line costs its cell only, with a message that says so."""
    trial = run(sandbox, notebook(cell, "def f(x): return x"))
    assert 3.0 == returned(trial)
    assert "not run inside the grader" in endings.load_error(trial.load_errors[0])


def test_failing_cell_that_mentions_the_function(sandbox: Sandbox) -> None:
    """Of several failing cells the one that would have defined the function is named; another function is missing."""
    source = notebook("plot(1)", "def f(x) return x", "1 / 0")
    assert "answer.ipynb, cell 2 did not load: SyntaxError" in words_of(answer(run(sandbox, source)))
    assert Status.MISSING == status_of(answer(run(sandbox, source, function="g")))


# --- several files ---


def test_siblings_are_importable_from_memory(sandbox: Sandbox) -> None:
    """A file can import another file of the submission, once, in a package too."""
    helper = Source(name="lib/helper.py", cells=(b"print('once')\ndef double(x): return 2 * x",))
    main = Source(name="answer.py", cells=(b"from lib.helper import double\ndef f(x): return double(x)",))
    trial = run(sandbox, main, helper)
    assert (6.0, "once\n") == (returned(trial), trial.output)
    assert {"f": ("answer.py",), "double": ("answer.py",)} == trial.defined


def test_functions_of_several_files_are_pooled(sandbox: Sandbox) -> None:
    """Each file has a namespace of its own; its functions are found by name."""
    first = Source(name="a.py", cells=(b"k = 10\ndef g(x): return k",))
    second = Source(name="b.py", cells=(b"k = 20\ndef f(x): return k",))
    assert 20 == returned(run(sandbox, first, second))


@pytest.mark.parametrize("name", ["<x>.py", "<x>.ipynb", "<frozen os>.py"])
def test_functions_of_a_file_in_angle_brackets_are_the_students(sandbox: Sandbox, name: str) -> None:
    """It is called as what lies in no file is; its tracebacks name it."""
    code = "def f(x):\n    return x + 1"
    data = json.dumps({"cells": [{"cell_type": "code", "source": code}]}) if name.endswith(".ipynb") else code
    assert 4.0 == returned(run(sandbox, *Submission.from_bytes({name: data.encode()}).sources))
    broken = answer(run(sandbox, *Submission.from_bytes({"<x>.py": b"def f(x):\n    return 1 / 0"}).sources))
    assert "<x>.py, line 2" in traceback_of(broken)


CLASH = "a.py and b.py define f differently. Keep one of them: rename or remove the other."


def test_clash_is_not_guessed(sandbox: Sandbox) -> None:
    """A function that two files define differently costs nothing and earns nothing; both are named, and what to do."""
    first, second = (Source(name=f"{name}.py", cells=(f"def f(x): return {name} * x".encode(),)) for name in "ab")
    got = answer(run(sandbox, first, second))
    assert (Status.UNGRADED, CLASH) == ended(got)


EXPORTED = """# In[1]:
import numpy as np

k, w = (1, 2.0), np.arange(3.0)


def g(x, scale=0.0, *, shift=-1.0):
    return x + scale + shift


# In[2]:
def f(x):
    def inner(x):
        return [g(one) for one in (x, w.sum())]
    return np.sum(inner(x)) + k[0]  # of another cell: compiled in one file with the import, it is other code
"""


def test_a_notebook_and_its_own_export_are_no_clash(sandbox: Sandbox) -> None:
    """`jupyter nbconvert --to script` puts comments between the cells, and other line numbers: the functions are the same."""
    cells = EXPORTED.split("# In[2]:\n")
    first, second = notebook(cells[0], f"%matplotlib inline\n{cells[1]}"), Source(name="answer.py", cells=(EXPORTED.encode(),))
    assert [5.0, 5.0] == [returned(run(sandbox, *sources)) for sources in ((first, second), (second, first))]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("+ k[0]", "- k[0]"),
        ("inner(x)) +", "inner(x)) + 0 +"),
        ("+ shift", "- shift"),  # in a function that it calls
        ("scale=0.0", "scale=-0.0"),
        ("shift=-1.0", "shift=-2.0"),
        ("(1, 2.0)", "(1, 2)"),
        ("arange(3.0)", "arange(4.0)"),
        ("for one in (x, w", "for one in (w, x"),  # in a function within it
        ("def g(x", "def h(x"),
        ("k, w =", "k, w = {}, 0\nk, w ="),
    ],
)
def test_a_copy_that_was_changed_is_a_clash_unless_it_is_the_same_in_effect(sandbox: Sandbox, old: str, new: str) -> None:
    """In what it computes, what it calls, or what it looks for at the top; lines that leave no trace change nothing."""
    assert EXPORTED.count(old) == 1
    copy = Source(name="b.py", cells=(EXPORTED.replace(old, new).encode(),))
    got = answer(run(sandbox, Source(name="a.py", cells=(EXPORTED.encode(),)), copy))
    expected = (None, "") if "{}" in new else (Status.UNGRADED, CLASH)
    assert expected == ended(got)


def test_functions_that_call_one_another_are_compared_to_an_end(sandbox: Sandbox) -> None:
    """Each of two that are alike if the other is; a lambda is a function, too."""
    text = b"def f(x): return g(x - 1) if x > 0 else 7.0\ng = lambda x: f(x)"
    assert 7.0 == returned(run(sandbox, *(Source(name=name, cells=(text,)) for name in ("a.py", "b.py"))))


@pytest.mark.parametrize(
    "text",
    [
        "t = ()\nfor _ in range(100_000): t = (t,)\ndef f(x): return x + len(t)",  # deeper than anybody compares
        "class Same:\n    def __eq__(self, other): return True\nt = Same()\ndef f(x): return x if t else 0",
        "def made(k):\n    def f(x): return k\n    return f\nf = made(3)",
        "log = []\ndef f(x): return x if log is None else 3.0",
        "exec('def f(x): return x')",
        "f, g = lambda x: x, lambda x: x + 1",
    ],
)
def test_what_cannot_be_compared_is_a_clash(sandbox: Sandbox, text: str) -> None:
    """It is not guessed that things are the same; the student is told what to do, as before."""
    sources = [Source(name=name, cells=(text.encode(),)) for name in ("a.py", "b.py")]
    assert Status.UNGRADED == status_of(answer(run(sandbox, *sources)))


def test_function_imported_from_a_sibling_is_no_clash(sandbox: Sandbox) -> None:
    """The same function under two roofs is one."""
    first = Source(name="a.py", cells=(b"def f(x): return x",))
    second = Source(name="b.py", cells=(b"from a import f",))
    assert 3.0 == returned(run(sandbox, first, second))


def test_everything_of_numpy_can_be_imported(sandbox: Sandbox) -> None:
    """`from numpy import *` imports what nobody uses, too, in an order that differs from process to process."""
    assert 9.0 == returned(run(sandbox, "from numpy import f2py\nfrom numpy import *\ndef f(x): return square(x)"))


def test_name_of_a_library_function_is_not_the_students(sandbox: Sandbox) -> None:
    """`from numpy import *` does not answer a task called `gradient`."""
    assert Status.MISSING == status_of(answer(run(sandbox, "from numpy import *", function="gradient")))


# --- modules ---


def test_unused_imports_cost_nothing(sandbox: Sandbox) -> None:
    """Plotting, settings and demonstrations with modules that are not there go nowhere without an error."""
    source = """
import matplotlib.pyplot as plt, pandas as pd, torch, torch.nn as nn
from scipy.special import expit
from mpl_toolkits.mplot3d import Axes3D
torch.set_default_dtype(torch.float64)
plt.rcParams['figure.figsize'] = (4, 4)
fig, (left, right) = plt.subplots(1, 2)
with plt.style.context('x'):
    left.plot([1, 2], label='y'); plt.show()
class Net(nn.Module):
    pass
def f(x): return x
"""
    trial = run(sandbox, source)
    assert ((), 3.0) == (trial.load_errors, returned(trial))


def test_missing_module_used_in_a_call_raised(sandbox: Sandbox) -> None:
    """Using a module that is not there raises where it is used."""
    got = answer(run(sandbox, "from scipy.special import expit\ndef f(x): return expit(x)"))
    assert (Status.RAISED, "NotAvailable: scipy is not available inside the grader") == ended(got)
    assert "answer.py, line 2, in f\n    def f(x): return expit(x)" == traceback_of(got)


def test_autodiff_used_in_a_call_is_refused(sandbox: Sandbox) -> None:
    """Using a module of automatic differentiation is `refused` in the words of the exercise."""
    got = answer(run(sandbox, "import torch\ndef f(x): return torch.tanh(x)"))
    assert (Status.REFUSED, "torch is not available in this exercise: derive the result by hand") == ended(got)


def test_optional_import_is_the_students_to_handle(sandbox: Sandbox) -> None:
    """A student who only asks whether torch is there is not refused."""
    source = "import torch\ndef f(x):\n    return x.numpy() if isinstance(x, torch.Tensor) else x"
    assert 3.0 == returned(run(sandbox, source))


@pytest.mark.parametrize(
    ("source", "status", "detail"),
    [
        ("from helper import f", Status.RAISED, "NotAvailable: helper is not available inside the grader"),
        ("import jax\nf = jax.grad(abs)", Status.REFUSED, "jax is not available in this exercise: derive the result by hand"),
    ],
)
def test_function_out_of_an_absent_module_says_so(sandbox: Sandbox, source: str, status: Status, detail: str) -> None:
    """What is asked for came from a module that is not there: that is said, not that nothing was written."""
    got = answer(run(sandbox, source))
    assert (status, detail) == ended(got)


def test_standard_library_on_demand(sandbox: Sandbox) -> None:
    """A module of the closed list that no zygote has loaded yet is there when it is asked for."""
    assert 3.0 == returned(run(sandbox, "import statistics, fractions\ndef f(x): return statistics.mean([x, x])"))


def test_lazy_parts_of_numpy(sandbox: Sandbox) -> None:
    """numpy.testing and its kin work in a call."""
    assert 3.0 == returned(run(sandbox, "import numpy as np\ndef f(x):\n    np.testing.assert_allclose(x, 3)\n    return x"))


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        ("np.float(x)", "AttributeError: np.float was removed from NumPy; use float"),
        ("np.trapz([x])", "AttributeError: np.trapz was removed from NumPy; use np.trapezoid"),
        ("xrange(3)", "NameError: xrange is Python 2; use range"),
        ("{}.has_key(x)", "AttributeError: has_key is Python 2; use `key in d`"),
        ("x ^ 2", "TypeError: ^ is no power in Python; write x**2"),
        ("1.5 ^ 2", "TypeError: ^ is no power in Python; write x**2"),
        ("input('x = ')", "EOFError: nobody is there to answer input(); take that line out"),
    ],
)
def test_old_names_get_the_fix(sandbox: Sandbox, line: str, detail: str) -> None:
    """Names that NumPy and Python took away come with what to write instead."""
    if "trapz" in line and hasattr(np, "trapz"):
        pytest.skip("this NumPy still has it")
    assert detail == words_of(answer(run(sandbox, f"import numpy as np\ndef f(x): return {line}")))


def test_a_file_in_another_coding_gets_the_fix(sandbox: Sandbox) -> None:
    """An editor on Windows may save Latin-1."""
    assert "SyntaxError: the file is not UTF-8 text; save it as UTF-8" in words_of(
        answer(run(sandbox, b"def f(x):\n    return '\xe9'\n"))
    )


def test_python_2_print_gets_the_fix(sandbox: Sandbox) -> None:
    """A print statement is told to be a call."""
    assert "This looks like Python 2; write print(...)" in words_of(answer(run(sandbox, "def f(x):\n    print x\n    return x")))


# --- autodiff, for staff ---


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(x):\n    return torch.autograd.grad(x, x)", ("torch.autograd.grad",)),
        ("from torch.autograd import grad as g\ndef h(x): return g(x)\ndef f(x): return h(x)", ("torch.autograd.grad",)),
        ("def f(x):\n    x.backward()\n    return x.grad", (".backward()",)),
        ("import jax\ndf = jax.grad(abs)\ndef f(x): return df(x)", ("jax.grad",)),
        ("import torch\nx = torch.ones(1, requires_grad=True)\nx.sum().backward()\ndef f(x): return x", ()),
        ("import torch\ndef f(x): return torch.tanh(x)", ()),
    ],
)
def test_autodiff_within_reach_of_graded_calls(sandbox: Sandbox, source: str, names: tuple[str, ...]) -> None:
    """Names of automatic differentiation are noted where a graded call can reach them, and only there."""
    assert names == run(sandbox, source).autodiff


def test_a_package_runs_its_init(sandbox: Sandbox) -> None:
    """`from utils import f` finds what utils/__init__.py defines, or imports from beside it."""
    files = {"answer.py": "from utils import f, g", "utils/__init__.py": "from .maths import f\ndef g(x): return f(x)"}
    files["utils/maths.py"] = "def f(x): return 5 * x"
    sources = [Source(name=name, cells=(text.encode(),)) for name, text in files.items()]
    assert 15.0 == returned(run(sandbox, *sources))
    assert 15.0 == returned(run(sandbox, *sources, function="g"))


def test_a_notebook_is_main(sandbox: Sandbox) -> None:
    """What stands under `if __name__ == "__main__":` in a cell is run, as in Jupyter; in a file it is not."""
    cell = 'if __name__ == "__main__":\n    def f(x): return 4 * x'
    assert 12.0 == returned(run(sandbox, notebook(cell)))
    assert Status.MISSING is status_of(answer(run(sandbox, cell)))


@pytest.mark.parametrize("line", ["f = np.negative", "from numpy import negative as f", "f = np.linalg.det"])
def test_a_library_function_under_the_asked_name_is_an_answer(sandbox: Sandbox, line: str) -> None:
    """`dy_dx = np.cos` is right; a name that a library happens to have is not the student's."""
    assert {"f": ("answer.py",)} == run(sandbox, f"import numpy as np\n{line}").defined
    assert Status.MISSING is status_of(answer(run(sandbox, "from numpy import tanh", function="tanh")))


@pytest.mark.parametrize(
    "source", ["import ｔorch", "# -*- coding: latin-1 -*-\nimport torch", "x.backward()", "def f(x): return jax.grad(x)"]
)
def test_a_source_that_may_hold_autodiff_is_looked_at(source: str) -> None:
    """Letters that Python takes for plain ones, and another coding, hide no name from the look."""
    assert autodiff.is_suspect(source.encode())
    assert autodiff.is_suspect(source)
