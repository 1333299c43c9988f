"""Starter files: Python that runs, notebooks that are valid, nothing given away."""

from __future__ import annotations

import ast
import json
from dataclasses import replace

import nbformat
import pytest
from builders import affine, cubic, tanh_linear
from reports import HINT

from grader.exercise import starter
from grader.exercise.catalogue import shipped
from grader.exercise.formula import parse
from grader.exercise.loading import load_exercise
from grader.exercise.model import Draw, Exercise, Input, Mistake
from grader.sandbox.wire.call import Call, Constant, Given, Group, Name, Table

EXERCISES = [tanh_linear(), affine(), cubic()]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda one: one.id)
def test_a_script_defines_every_function_and_none_is_written(exercise: Exercise) -> None:
    """Each function takes what the call gives, and its body only raises NotImplementedError."""
    tree = ast.parse(starter.as_script(exercise))
    found = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert [task.function for task in exercise.tasks] == list(found)
    for task in exercise.tasks:
        function = found[task.function]
        assert len(function.args.args) == len(task.call.arguments)
        assert ast.unparse(function.body[-1]) == "raise NotImplementedError"


def test_a_value_is_not_explained_by_itself() -> None:
    """`p[i] = p[i]` says nothing; another name, or a derivative, is explained."""
    text = starter.as_script(load_exercise(shipped() / "softmax_jacobian.yaml"))
    assert '    """\n    p, shape (C,).\n\n    s: shape (C,)\n    """' in text
    assert "dp_ds[i,j] = ∂p[i]/∂s[j]" in text


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda one: one.id)
def test_a_notebook_is_valid(exercise: Exercise) -> None:
    """The notebook passes nbformat's check, cell ids included, and its kernel is set."""
    notebook = nbformat.reads(starter.as_notebook(exercise), as_version=4)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"


def test_a_notebook_ends_in_a_check() -> None:
    """The last cell checks every function."""
    cells = json.loads(starter.as_notebook(tanh_linear()))["cells"]
    assert "".join(cells[-1]["source"]) == 'import grader\n\ngrader.check("tanh_linear", dy_dx=dy_dx, dy_db=dy_db)'


def test_docstrings_say_shapes_and_what_each_index_means() -> None:
    """The formula with its indices, and the shape of each argument."""
    script = starter.as_script(affine())
    for part in ("dw[i,j] = ∂L/∂w[i,j] = Σ_kl dout[k,l] ∂out[k,l]/∂w[i,j]", "inputs: the tuple (x, w, b)", "x: shape (N, D)"):
        assert part in script


def test_docstrings_say_what_labels_are() -> None:
    """Indices of classes, beside their shape."""
    labels = Input(name="t", axes=("N",), draw=Draw(law="labels", parameters=("C",)))
    exercise = cubic()
    task = replace(exercise.tasks[0], call=Call(function="curvature", arguments=(Name("w"), Name("t"))))
    source = starter.as_script(replace(exercise, inputs=(*exercise.inputs, labels), tasks=(task,)))
    assert "t: shape (N,), whole numbers from 0 to C - 1\n" in source


def test_a_tuple_is_taken_apart() -> None:
    """An argument that is a tuple gets a name and a line that unpacks it."""
    assert "def affine_backward(dout, inputs):" in starter.as_script(affine())
    assert "    x, w, b = inputs\n" in starter.as_script(affine())


def test_mistakes_and_hints_stay_out() -> None:
    """A starter holds nothing of what people get wrong."""
    exercise = tanh_linear()
    task = exercise.tasks[0]
    mistake = Mistake(returned=parse("x"), hint=HINT)
    asked = replace(task, targets=(replace(task.targets[0], mistakes=(mistake,)),))
    for text in (starter.as_script(replace(exercise, tasks=(asked,))), starter.as_notebook(replace(exercise, tasks=(asked,)))):
        assert HINT not in text


def test_a_torch_exercise_says_that_autodiff_is_flagged() -> None:
    """With tensors it is there and works: that it is not wanted has to be said, where it is so."""
    asked = tanh_linear(arrays="torch")
    said = "Derive by hand: automatic differentiation is flagged."
    assert said in starter.conventions(asked)
    assert said not in starter.conventions(replace(asked, autodiff="allow"))
    assert said not in starter.conventions(tanh_linear())


def test_torch_exercises_import_torch() -> None:
    """The import follows what the functions are given."""
    assert "\nimport torch\n" in starter.as_script(tanh_linear(arrays="torch"))
    assert "\nimport numpy as np\n" in starter.as_script(tanh_linear())


def test_a_statement_cannot_end_the_docstring() -> None:
    """LaTeX backslashes and triple quotes of a statement are harmless."""
    script = starter.as_script(tanh_linear(statement='Let $\\tanh$ """ be \\'))
    assert "Let tanh ''' be \\" in (ast.get_docstring(ast.parse(script)) or "")


def test_the_student_s_own_cache_function_is_asked_for() -> None:
    """A `given` function gets a starter of its own, before the one that uses it, and is checked with it."""
    exercise = tanh_linear()
    given = Given(name="cache", function="layer_forward", arguments=(Name("x"), Name("W"), Name("b")), item=1)
    task = replace(exercise.tasks[0], call=Call(function="layer_backward", arguments=(Name("cache"),), given=(given,)))
    asked = replace(exercise, tasks=(task,))
    assert list(dict(starter.functions(asked))) == ["layer_forward", "layer_backward"]
    assert "cache: entry 1 of layer_forward(...), your own function" in starter.as_script(asked)
    assert "layer_forward=layer_forward, layer_backward=layer_backward" in starter.as_notebook(asked).replace("\\n", "")


def test_parameters_have_names_of_their_own() -> None:
    """Tuples, dicts, literals and keywords get names that are free."""
    arguments = (Name("inputs"), Group((Name("x"),)), Table((("pad", Constant(1)),)), Constant(2), Name("lambda"))
    assert starter.parameters(arguments) == ("inputs", "inputs_2", "options", "setting", "lambda_")


def test_an_argument_that_is_passed_twice_has_two_parameters() -> None:
    """Python takes no `def g(x, x)`; a number that another argument has is not given again."""
    assert starter.parameters((Name("x"), Name("x"), Name("x_2"), Name("x"))) == ("x", "x_3", "x_2", "x_4")
