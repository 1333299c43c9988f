"""Drawing and referencing: what is accepted, what is drawn again, what is stored."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import affine, names, one_target, tanh_layer
from hypothesis import given, settings
from hypothesis import strategies as st
from places import SUPPORT

from grader.errors import ExerciseError, GraderError
from grader.exercise import catalogue
from grader.exercise.loading import load_exercise, parse_exercise
from grader.exercise.model import Exercise, Gradient, Jacobian, NamedCase
from grader.reference import prepare, store
from grader.reference.model import Record

LAYER = tanh_layer()
KEY = ("dY_dW", "dY_dW")


def layer_jacobian(values: dict[str, np.ndarray]) -> np.ndarray:
    """dY/dW by hand."""
    slope = 1 - np.tanh(values["W"] @ values["X"] + values["B"]) ** 2
    jacobian: np.ndarray = np.einsum("ki,k,j->kij", np.eye(len(slope)), slope, values["X"])
    return jacobian


@given(seed=st.integers(0, 2**128))
@settings(max_examples=8, deadline=None)
def test_the_reference_is_the_hand_derived_jacobian_at_any_seed(seed: int) -> None:
    """δ_ki (1 - Y_k²) X_j."""
    for case, expected in prepare.make(LAYER, seed).cases:
        assert np.allclose(expected.targets[KEY], layer_jacobian(dict(case.values)), rtol=1e-12, atol=1e-14)


def test_vector_jacobian_products_are_the_hand_derived_ones() -> None:
    """Dx = dout wᵀ, dw = xᵀ dout, db = Σ dout."""
    for case, expected in prepare.make(affine(), 3).cases:
        x, w, dout = (case.values[name] for name in ("x", "w", "dout"))
        by_hand = {"dx": dout @ w.T, "dw": x.T @ dout, "db": dout.sum(axis=0)}
        for name, array in by_hand.items():
            assert np.allclose(expected.targets["affine_backward", name], array, rtol=1e-12, atol=1e-13)


def test_a_call_that_passes_another_quantity_has_another_record() -> None:
    """The record holds the quantities that calls pass: one without Y would make every right answer raise a KeyError."""
    task, *others = LAYER.tasks
    given_y = replace(LAYER, tasks=(replace(task, call=replace(task.call, arguments=names("W X B Y"))), *others))
    assert LAYER.record_sha256 != given_y.record_sha256
    assert all(set(expected.quantities) == {"Y"} for _, expected in prepare.make(given_y, 0).cases)


def test_a_call_that_passes_the_same_in_another_order_has_the_same_record() -> None:
    """Inputs are in every record."""
    task, *others = LAYER.tasks
    turned = replace(LAYER, tasks=(replace(task, call=replace(task.call, arguments=names("X W"))), *others))
    assert LAYER.record_sha256 == turned.record_sha256


def test_two_makings_of_a_record_are_one() -> None:
    """Bit for bit: a class graded twice is graded alike."""
    assert store.encode(prepare.make(LAYER, 5)) == store.encode(prepare.make(LAYER, 5))


def test_no_case_says_nothing() -> None:
    """Every expected array has an entry of at least 1e-6."""
    for _, expected in prepare.make(LAYER, 0).cases:
        assert all(np.abs(array).max() >= 1e-6 for array in expected.targets.values())


def test_cases_keep_away_from_kinks() -> None:
    """Relu at 0: whole numbers would hit it, so such draws are refused."""
    exercise = one_target("E = sum(maximum(x, 0))", Gradient(of="E", wrt="x"), "n")
    for case, _ in prepare.make(exercise, 0).cases:
        assert np.abs(case.values["x"]).min() >= 1e-3


def test_a_target_that_is_zero_by_nature_is_accepted() -> None:
    """The derivative of a constant in x."""
    exercise = one_target("E = sum(sign(x))", Gradient(of="E", wrt="x"), "n", draws="nonzero")
    for _, expected in prepare.make(exercise, 0).cases:
        assert not expected.targets["g", "g"].any()


def test_a_dead_relu_is_drawn_again() -> None:
    """A case in which the whole array happens to be zero says little, so another is tried."""
    exercise = one_target("y = maximum(x, 0)", Jacobian(of="y", wrt="x"), "n n")
    for _, expected in prepare.make(exercise, 0).cases:
        assert expected.targets["g", "g"].any()


SMALLEST_OF_LARGEST = """
schema: 1
title: t
inputs: {a: scalar, b: scalar, c: scalar}
forward: {y: "minimum(maximum(a, b), c)"}
tasks:
  - call: da(a, b, c)
    returns: {da: {gradient: y, wrt: a}}
  - call: db(a, b, c)
    returns: {db: {gradient: y, wrt: b}}
  - call: dc(a, b, c)
    returns: {dc: {gradient: y, wrt: c}}
"""


@pytest.mark.parametrize("seed", [3, 7, 11])
def test_no_target_is_zero_in_every_case(seed: int) -> None:
    """Each side of each function may be there, and `return 0.0` be right all the same."""
    cases = prepare.make(parse_exercise(SMALLEST_OF_LARGEST, "x"), seed).cases
    for key in (("da", "da"), ("db", "db"), ("dc", "dc")):
        assert any(expected.targets[key].any() for _, expected in cases)


@pytest.mark.parametrize("seed", [29, 30, 43])
def test_two_gates_come_in_every_way(seed: int) -> None:
    """Of two functions, any two sides come in one case: who forgets one gate is else right wherever the other one is closed."""
    seen = {
        (case.values["a"] > case.values["b"], max(case.values["a"], case.values["b"]) > case.values["c"])
        for case, _ in prepare.make(parse_exercise(SMALLEST_OF_LARGEST, "x"), seed).cases
    }
    assert 4 == len(seen)


@pytest.mark.parametrize(
    ("forward", "reason"),
    [
        ("E = sum(log(x - 100))", "log"),
        ("E = sum(exp(1000 + x ** 2))", "exp"),
        ("E = sum(maximum(1.0e-6 * x, 0))", "kink"),
        ("E = 1e-20 * sum(x ** 2)", "no entry of g is larger than"),
    ],
)
def test_an_exercise_without_a_good_case_is_a_fault(forward: str, reason: str) -> None:
    """Case, reason and remedy; never an endless search."""
    with pytest.raises(ExerciseError, match="was drawn 60 times, and no draw is usable") as caught:
        prepare.make(one_target(forward, Gradient(of="E", wrt="x"), "n"), 0)
    assert reason in str(caught.value)
    assert "'small 1'" in str(caught.value)


def test_a_named_case_on_a_kink_is_named() -> None:
    """`set` cannot be drawn again."""
    exercise = one_target("E = sum(abs(x))", Gradient(of="E", wrt="x"), "n", draws="nonzero")
    with pytest.raises(ExerciseError, match=r"'at zero'.*kink"):
        prepare.make(replace(exercise, named_cases=(NamedCase(name="at zero", set={"x": 0.0}),)), 0)


def test_a_probe_makes_differences_lose_their_digits() -> None:
    """dY/dW is proportional to X: with X at 1e-12 the difference of two values of Y has no digits left."""
    (probe,) = prepare.make(LAYER, 0).probes
    assert (probe.scaled, probe.factor, probe.targets) == ("X", 1e-12, (KEY,))
    values = dict(probe.case.values)
    exact = layer_jacobian(values)
    assert np.allclose(probe.expected.targets[KEY], exact, rtol=1e-9, atol=0)
    step = 1e-5
    nudge = np.zeros_like(values["W"])
    nudge[0, 0] = step
    ahead, behind = (np.tanh((values["W"] + sign * nudge) @ values["X"] + values["B"]) for sign in (1, -1))
    assert abs((ahead - behind)[0] / (2 * step) - exact[0, 0, 0]) > 1e-3 * abs(exact[0, 0, 0])


def test_no_probe_lets_exponentials_overflow() -> None:
    """exp(z) / (1 + exp(z)) is right, and would be taken for differences where exp(z) is infinite; and NumPy would warn of it."""
    logistic = load_exercise(catalogue.shipped() / "sigmoid_bce.yaml")
    probes = prepare.make(logistic, 0).probes
    assert probes
    for values in (probe.case.values for probe in probes):
        assert np.abs(values["X"] @ values["w"] + values["b"]).max() < 300


def test_a_prepared_record_is_read_the_second_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And then nothing is computed."""
    first = prepare.prepare(LAYER, 7, folder=tmp_path)
    monkeypatch.setattr(prepare, "make", _never)
    assert store.encode(prepare.prepare(LAYER, 7, folder=tmp_path)) == store.encode(first)


def _never(*_: object) -> Record:
    raise AssertionError("it was made again")


def test_points_hints_and_limits_do_not_make_a_record_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what cases and expected arrays depend on is its key."""
    prepare.prepare(LAYER, 7, folder=tmp_path)
    task = LAYER.tasks[0]
    target = replace(task.targets[0], points=9.0, mistakes=(replace(task.targets[0].mistakes[0], hint="Other words."),))
    reworded = replace(
        LAYER, title="Other", rtol=1e-5, arrays="torch", tasks=(replace(task, targets=(target,)), *LAYER.tasks[1:])
    )
    monkeypatch.setattr(prepare, "make", _never)
    prepare.prepare(reworded, 7, folder=tmp_path)
    with pytest.raises(AssertionError, match="made again"):
        prepare.prepare(replace(LAYER, random_cases=11), 7, folder=tmp_path)


def test_a_torn_record_is_made_again(tmp_path: Path) -> None:
    """The store survives a power cut."""
    prepare.prepare(LAYER, 7, folder=tmp_path)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:1000])
    prepare.prepare(LAYER, 7, folder=tmp_path)
    assert path.read_bytes() == whole


def test_a_cache_that_cannot_be_written_costs_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full or read-only home folder: the check goes on."""
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GRADER_CACHE", str(tmp_path / "file" / "cache"))
    assert prepare.prepare(LAYER, 7).seed == 7


def test_torch_is_imported_only_to_make_a_record(tmp_path: Path) -> None:
    """Reading a stored one takes milliseconds, torch seconds."""
    prepare.prepare(LAYER, 7, folder=tmp_path)
    code = f"""
import sys
sys.path.insert(0, {str(SUPPORT)!r})
from builders import tanh_layer
from pathlib import Path
from typing import Any
from grader.reference import prepare
prepare.prepare(tanh_layer(), 7, folder=Path({str(tmp_path)!r}))
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_torch_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Students need it only for exercises whose records did not come along."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(GraderError, match=r"PyTorch.*is not installed(.|\n)*pip install 'torch>=2\.4'"):
        prepare.make(LAYER, 0)


def test_a_large_input_has_no_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Differences in each of its entries would take minutes here, and the student's own time limit forbids them."""
    monkeypatch.setattr("grader.reference.torch.probes.MAX_NUDGED_ENTRIES", 5)
    assert not [name for probe in prepare.make(LAYER, 0).probes for _, name in probe.targets if name == "dY_dW"]


@pytest.fixture
def forged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Exercise:
    """Write an exercise with a record beside its file that says 7 is right, and empty the cache."""
    monkeypatch.setenv("GRADER_CACHE", str(tmp_path / "cache"))
    text = "schema: 1\ntitle: x\ninputs: {x: scalar}\nforward: {y: x ** 2}\n"
    (tmp_path / "slope.yaml").write_text(f"{text}tasks:\n  - call: d(x)\n    returns: {{d: {{gradient: y, wrt: x}}}}\n", "utf-8")
    exercise = load_exercise(tmp_path / "slope.yaml")
    right = prepare.make(exercise, 0)
    sevens = {("d", "d"): np.array(7.0)}
    wrong = replace(right, cases=tuple((case, replace(expected, targets=sevens)) for case, expected in right.cases))
    name = store.file_name("slope", exercise.record_sha256, 0, prepare.ENGINE)
    store.write(tmp_path / prepare.BESIDE / name, wrong)
    return exercise


def says_seven(record: Record) -> bool:
    """Whether it is the forged one."""
    return all(expected.targets["d", "d"] == 7.0 for _, expected in record.cases)


@pytest.mark.parametrize("trust_beside", [False, True])
def test_a_record_beside_an_exercise_is_no_authority(forged: Exercise, trust_beside: bool) -> None:
    """Whoever can write there could say what is right. What can be computed is computed."""
    assert prepare.taken_beside(forged) is None
    assert not says_seven(prepare.prepare(forged, trust_beside=trust_beside))
    assert not says_seven(prepare.prepare(forged, trust_beside=trust_beside))  # from the cache


def test_without_torch_a_record_beside_serves_a_student_s_own_check(forged: Exercise, monkeypatch: pytest.MonkeyPatch) -> None:
    """But nothing that gives marks, and it does not get into the cache."""
    monkeypatch.setattr(prepare, "_has_torch", lambda: False)
    with pytest.raises(GraderError, match="PyTorch"):
        prepare.prepare(forged)
    assert says_seven(prepare.prepare(forged, trust_beside=True))
    assert Path(forged.path).parent / prepare.BESIDE == prepare.taken_beside(forged).parent  # type: ignore[union-attr]
    with pytest.raises(GraderError, match="PyTorch"):
        prepare.prepare(forged)


def test_shipped_and_kept_records_are_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading them leaves their times; only in the cache does use count."""
    monkeypatch.setenv("GRADER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(prepare, "SHIPPED", tmp_path / "shipped")
    name = store.file_name(LAYER.id, LAYER.record_sha256, 0, prepare.ENGINE)
    for place, is_touched in (("shipped", False), ("kept", False), ("cache", True)):
        path = tmp_path / place / name
        store.write(path, prepare.make(LAYER, 0))
        os.utime(path, (1e9, 1e9))
        prepare.prepare(LAYER, folder=tmp_path / "kept" if place == "kept" else None)
        assert is_touched == (path.stat().st_mtime != 1e9)
        path.unlink()


def two_gradients() -> Exercise:
    """Gradients that arrive at c and at h = tanh(c)."""
    return parse_exercise(
        """
schema: 1
title: Two
dims: {N: 2..4, H: 2..3}
inputs: {x: N H, w: H H}
forward: {c: x @ w, h: tanh(c)}
upstream: {dh: like h, dc: like c}
tasks:
  - call: backward(dh, dc, x, w)
    returns:
      dw: {vjp: [h, c], wrt: w, upstream: [dh, dc]}
      dcell: {vjp: [h, c], wrt: c, upstream: [dh, dc]}
cases: {named: {one: {N: 1}}}
""",
        "two",
    )


def test_gradients_of_several_quantities_are_added() -> None:
    """xᵀ (dc + dh (1 - h²)); and by c itself without xᵀ."""
    for case, expected in prepare.make(two_gradients(), 1).cases:
        x, w, dh, dc = (case.values[name] for name in ("x", "w", "dh", "dc"))
        cell = dc + dh * (1 - np.tanh(x @ w) ** 2)
        assert np.allclose(expected.targets["backward", "dw"], x.T @ cell, rtol=1e-12, atol=1e-13)
        assert np.allclose(expected.targets["backward", "dcell"], cell, rtol=1e-12, atol=1e-13)


def test_a_gradient_that_is_left_out_is_named() -> None:
    """What comes through h alone, and through c alone."""
    record = prepare.make(two_gradients(), 1)
    texts = [hypothesis.text for hypothesis in record.hypotheses["backward", "dw"]]
    assert any(text.startswith("You left out dc:") for text in texts)
    assert any(text.startswith("You left out dh:") for text in texts)


def test_a_convolution_of_transposed_arrays_has_a_reference() -> None:
    """Torch stops there by itself: "slow_conv2d: grad_weight must be contiguous"."""
    exercise = parse_exercise(
        """
schema: 1
title: One filter, channels last
dims: {N: 1..2, C: 2..3, F: 1, H: 4..5, K: 1, M: 2}
inputs: {x: N H H C, w: F K M C}
forward: {y: "conv2d(transpose(x, (0, 3, 1, 2)), transpose(w, (0, 3, 2, 1)))", L: sum(y * y)}
tasks:
  - call: g(x, w)
    returns:
      dw: {gradient: L, wrt: w}
cases: {random: 3}
""",
        "conv",
    )
    for case, expected in prepare.make(exercise, 0).cases:
        x, w = case.values["x"], case.values["w"]
        y = sum(x[:, m : x.shape[1] - 1 + m] @ w[0, 0, m] for m in range(2))
        by_hand = [np.einsum("nhw,nhwc->c", 2 * y, x[:, m : x.shape[1] - 1 + m]) for m in range(2)]
        assert np.allclose(expected.targets["g", "dw"], np.array(by_hand)[None, None], rtol=1e-10)


def test_what_torch_cannot_do_is_a_fault_of_the_exercise(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the case and torch's words; a traceback would end the run of a class."""
    from grader.reference.torch import compute

    def fails(*_: object) -> None:
        raise RuntimeError("no such kernel\nsecond line")

    monkeypatch.setattr(compute, "expected_array", fails)
    with pytest.raises(ExerciseError, match="torch cannot differentiate forward in the case 'small 1': no such kernel"):
        prepare.make(LAYER, 0)


def test_references_take_one_thread_and_leave_as_many_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after a fault, and where two of them overlap in threads of one process."""
    import torch

    from grader.reference.torch import compute
    from grader.reference.torch.threads import one_thread

    before = torch.get_num_threads()
    seen: list[int] = []
    expected = compute.expected

    def watched(*arguments: Any, **options: Any) -> Any:
        seen.append(torch.get_num_threads())
        return expected(*arguments, **options)

    monkeypatch.setattr(compute, "expected", watched)
    try:
        torch.set_num_threads(3)
        prepare.make(LAYER, 0)
        assert set(seen) == {1}
        assert torch.get_num_threads() == 3
        with pytest.raises(ExerciseError):
            prepare.make(one_target("E = 1e-20 * sum(x)", Gradient(of="E", wrt="x"), "n"), 0)
        assert torch.get_num_threads() == 3
        first, second = one_thread(), one_thread()
        first.__enter__()
        second.__enter__()
        first.__exit__()
        assert torch.get_num_threads() == 1
        second.__exit__()
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
