from __future__ import annotations

import dataclasses
import re
import time

import numpy as np
import pytest
from formula_examples import DOCUMENT, EXAMPLES, FUNCTION_EXAMPLES, Example, documented
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.exercise.formula import (
    FUNCTIONS,
    BinaryNode,
    CallNode,
    CompareNode,
    ConstantNode,
    Formula,
    FormulaError,
    IndexNode,
    NameNode,
    Node,
    NumberNode,
    RestNode,
    SequenceNode,
    SliceNode,
    TextNode,
    TransposeNode,
    UnaryNode,
    children,
    evaluate_integer,
    node_text,
    parse,
)
from grader.exercise.formula.spellings import SPELLINGS

x, y = NameNode("x"), NameNode("y")


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("x", x),
        ("2", NumberNode(2)),
        (".5", NumberNode(0.5)),
        ("-x ** 2", UnaryNode("-", BinaryNode("**", x, NumberNode(2)))),
        ("(-x) ** 2", BinaryNode("**", UnaryNode("-", x), NumberNode(2))),
        ("x - y - 1", BinaryNode("-", BinaryNode("-", x, y), NumberNode(1))),
        ("x @ y", BinaryNode("@", x, y)),
        ("x // y % 2", BinaryNode("%", BinaryNode("//", x, y), NumberNode(2))),
        ("x >= y", CompareNode(">=", x, y)),
        ("x.T", TransposeNode(x)),
        (
            "x[0, ..., None, 1:, ::-1]",
            IndexNode(
                x,
                (
                    NumberNode(0),
                    RestNode(),
                    ConstantNode(None),
                    SliceNode(NumberNode(1), None, None),
                    SliceNode(None, None, UnaryNode("-", NumberNode(1))),
                ),
            ),
        ),
        ("x[y]", IndexNode(x, (y,))),
        ("sum(x, axis=(0, 1))", CallNode("sum", (x,), (("axis", SequenceNode((NumberNode(0), NumberNode(1)))),))),
        ("stack([x, y])", CallNode("stack", (SequenceNode((x, y)),))),
        ("einsum('ij,j', x, y)", CallNode("einsum", (TextNode("ij,j"), x, y))),
        ("max(x, keepdims=True)", CallNode("max", (x,), (("keepdims", ConstantNode(True)),))),
        ("δ + σ", BinaryNode("+", NameNode("δ"), NameNode("σ"))),
        ("mean * mean(x)", BinaryNode("*", NameNode("mean"), CallNode("mean", (x,)))),
    ],
)
def test_a_formula_becomes_these_nodes(text: str, root: Node) -> None:
    """Every form of the language becomes the node of its name, by Python's precedence."""
    assert root == parse(text).root


def test_spacing_and_the_order_of_keywords_do_not_matter() -> None:
    """Two spellings of one formula are equal and hash alike; their texts stay as written."""
    one, other = parse(" sum(x,keepdims=True,\n axis=0)"), parse("sum(x, axis=0, keepdims=True)")
    assert one == other
    assert hash(one) == hash(other)
    assert one.text != other.text
    assert one.canonical == other.text


def test_other_formulas_are_not_equal() -> None:
    """X + y is not y + x, and 2 * x not x * 2: a student's hint quotes the formula as it is."""
    assert parse("x + y") != parse("y + x")
    assert parse("x - (y - 1)") != parse("x - y - 1")


def test_nodes_stand_in_the_order_of_evaluation() -> None:
    """Operands come before the operation, and equal parts have a place each."""
    formula = parse("tanh(x) * tanh(x) + n")
    assert ["x", "tanh(x)", "x", "tanh(x)", "tanh(x) * tanh(x)", "n", formula.canonical] == [
        node_text(node) for node in formula.nodes
    ]


def test_names_are_what_the_formula_uses() -> None:
    """Names of functions and keywords are not among the free names; pi is, so that an exercise may call something pi."""
    assert frozenset({"x", "n", "pi"}) == parse("sum(x[n:], axis=0) * pi").names


def test_nodes_are_immutable() -> None:
    """A formula can be shared and used as a key."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        parse("x").root.name = "y"  # type: ignore[union-attr,misc]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.text)
def test_the_canonical_text_of_an_example_parses_back(example: Example) -> None:
    """parse(f.canonical) == f, and writing it again changes nothing."""
    formula = parse(example.text)
    again = parse(formula.canonical)
    assert formula == again
    assert formula.canonical == again.canonical


# Any formula at all. Numbers never meet numbers: 1 / 0 is refused, and so is what is too large.

_NAMES = st.sampled_from(["x", "W", "alpha_1", "δ", "n", "pi"]).map(NameNode)
_NUMBERS = st.one_of(st.integers(0, 2**53), st.floats(0, 1e300)).map(NumberNode)


def _calls(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    values = st.one_of(
        parts, _NUMBERS, st.lists(parts, max_size=3).map(lambda items: SequenceNode(tuple(items))), st.just(ConstantNode(None))
    )

    @st.composite
    def call(draw: st.DrawFn) -> Node:
        function = FUNCTIONS[draw(st.sampled_from(sorted(FUNCTIONS)))]
        if function.is_variadic:
            return CallNode(
                function.name, (TextNode(draw(st.text("ij,->. ", max_size=5))), *draw(st.lists(parts, min_size=1, max_size=3)))
            )
        given = [p for p in function.parameters if p.is_required or draw(st.booleans())]
        by_place = draw(st.integers(0, next((i for i, p in enumerate(function.parameters) if p not in given), len(given))))
        drawn: list[Node] = []
        for parameter in given:
            match parameter.default:
                case bool():
                    drawn.append(ConstantNode(draw(st.booleans())))
                case str():
                    drawn.append(TextNode(draw(st.sampled_from(["C", "F", "it's"]))))
                case _:
                    drawn.append(draw(values))
        named = tuple((parameter.name, value) for parameter, value in zip(given[by_place:], drawn[by_place:], strict=True))
        return CallNode(function.name, tuple(drawn[:by_place]), named)

    return call()


def _grown(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    signs = st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "@"])
    bounds = st.one_of(st.none(), parts, _NUMBERS)
    items = st.one_of(
        parts, _NUMBERS, st.just(RestNode()), st.just(ConstantNode(None)), st.builds(SliceNode, bounds, bounds, bounds)
    )
    return st.one_of(
        st.builds(UnaryNode, st.sampled_from(["-", "+"]), parts),
        st.builds(BinaryNode, signs, parts, st.one_of(parts, _NUMBERS)),
        st.builds(BinaryNode, signs, _NUMBERS, parts),
        st.builds(CompareNode, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), parts, parts),
        st.builds(IndexNode, st.one_of(parts, _NUMBERS), st.lists(items, min_size=1, max_size=3).map(tuple)),
        st.builds(TransposeNode, st.one_of(parts, _NUMBERS)),
        _calls(parts),
    )


@settings(deadline=None)  # the machine may be busy
@given(st.recursive(_NAMES, _grown, max_leaves=12))
def test_the_canonical_text_of_any_formula_parses_back(root: Node) -> None:
    """Brackets are where they have to be, whatever is nested in what."""
    assert root == parse(Formula("", root).canonical).root


_MODULE = "is not known here: functions have no module before them"
_METHOD = "is not known here: functions are not methods of arrays"
_WRITTEN_OUT = [
    ("torch.tanh(x)", "`torch.tanh` " + _MODULE, "tanh(x)"),
    ("1 + np.exp(-x)", "`np.exp` " + _MODULE, "exp(-x)"),
    ("F.relu(x)", "`F.relu` " + _MODULE, "relu(x)"),
    ("math.sqrt(n)", "`math.sqrt` " + _MODULE, "sqrt(n)"),
    ("np.linalg.inv(A)", "`np.linalg.inv` " + _MODULE, "inv(A)"),
    ("torch.nn.functional.softmax(x, dim=1)", "`torch.nn.functional.softmax` " + _MODULE, "softmax(x, axis=1)"),
    ("torch.cat([a, b], dim=1)", "`torch.cat` " + _MODULE, "concatenate((a, b), axis=1)"),
    ("torch.mm(W, x)", "`torch.mm` " + _MODULE, "matmul(W, x)"),
    ("np.multiply(x, y)", "`np.multiply` " + _MODULE, "x * y"),
    ("scipy.special.expit(x)", "`scipy.special.expit` " + _MODULE, "sigmoid(x)"),
    ("np.pi * x", "`.pi` is not known here", "pi"),
    ("x.sum()", "`.sum(...)` " + _METHOD, "sum(x)"),
    ("x.sum(dim=0)", "`.sum(...)` " + _METHOD, "sum(x, axis=0)"),
    ("x.mean(0, keepdim=True)", "`.mean(...)` " + _METHOD, "mean(x, 0, keepdims=True)"),
    ("x.var(unbiased=False)", "`.var(...)` " + _METHOD, "var(x, ddof=0)"),
    ("(x @ y).t()", "`.t(...)` " + _METHOD, "(x @ y).T"),
    ("x.reshape(n, -1)", "`.reshape(...)` " + _METHOD, "reshape(x, (n, -1))"),
    ("x.view(n, m)", "`.view(...)` " + _METHOD, "reshape(x, (n, m))"),
    ("x.permute(0, 2, 1)", "`.permute(...)` " + _METHOD, "transpose(x, (0, 2, 1))"),
    ("x.unsqueeze(0)", "`.unsqueeze(...)` " + _METHOD, "expand_dims(x, 0)"),
    ("x.pow(2)", "`.pow(...)` " + _METHOD, "x ** 2"),
    ("x.detach().sum()", "`.sum(...)` " + _METHOD, "sum(x)"),
    ("x.transpose(0, 1)", "`.transpose(...)` " + _METHOD, "swapaxes(x, 0, 1)"),
    ("torch.std(x, dim=0)", "`torch.std` " + _MODULE, "std(x, axis=0, ddof=1)"),
    ("torch.clamp(x, min=0)", "`torch.clamp` " + _MODULE, "clip(x, a_min=0)"),
    ("F.one_hot(y, num_classes=C)", "`F.one_hot` " + _MODULE, "one_hot(y, classes=C)"),
    ("torch.linalg.slogdet(A).logabsdet", "`.logabsdet` is not known here", "logdet(A)"),
    ("torch.tril(x, diagonal=1)", "`torch.tril` " + _MODULE, "tril(x, k=1)"),
    ("A.I", "`.I` is not known here", "inv(A)"),
    ("x.max(dim=1).values", "`.values` is not known here", "max(x, axis=1)"),
    ("torch.max(x, y)", "`torch.max` " + _MODULE, "maximum(x, y)"),
    ("x.std(dim=0)", "`.std(...)` " + _METHOD, "std(x, axis=0, ddof=1)"),
    ("x.std(axis=0)", "`.std(...)` " + _METHOD, "std(x, axis=0)"),
    ("x.repeat(2, 1, 1)", "`.repeat(...)` " + _METHOD, "tile(x, (2, 1, 1))"),
    ("nn.Softmax(dim=1)(x)", "only a function, by its name, can be called", "softmax(x, axis=1)"),
    ("log(x, 2)", "log takes at most 1 argument", "log(x) / log(2)"),
    ("logical_and(x > 0, y)", "there is no function `logical_and`", "(x > 0) * (y != 0)"),
    ("vec(A)", "there is no function `vec`", "ravel(A, order='F')"),
    ("F.linear(x, W, b)", "`F.linear` " + _MODULE, "x @ W.T + b"),
    ("torch.gather(x, dim=1, index=y)", "`torch.gather` " + _MODULE, "take_along_axis(x, y, 1)"),
    ("sum(x, dim=0)", "sum has no keyword `dim`", "sum(x, axis=0)"),
    ("sum(x, axis=0, keepdim=True)", "sum has no keyword `keepdim`", "sum(x, axis=0, keepdims=True)"),
    ("reshape(x, n, m)", "an option of reshape is not what it takes", "reshape(x, (n, m))"),
    ("zeros(n, m)", "zeros takes at most 1 argument", "zeros((n, m))"),
    ("transpose(x, 1, 0)", "transpose takes at most 2 arguments", "swapaxes(x, 1, 0)"),
    ("x ^ 2", "`^` is not a power", "x ** 2"),
    ("x > 0 and y > 0", "conditions are arrays of 0 and 1 here", "(x > 0) * (y > 0)"),
    ("x or y", "conditions are arrays of 0 and 1 here", "maximum(x, y)"),
    ("not x", "conditions are arrays of 0 and 1 here", "1 - x"),
    ("(x > 0) & y", "conditions are arrays of 0 and 1 here", "(x > 0) * y"),
    ("x | y", "conditions are arrays of 0 and 1 here", "maximum(x, y)"),
    ("~x", "conditions are arrays of 0 and 1 here", "1 - x"),
    ("x if x > 0 else 0", "`if ... else` cannot choose entry by entry", "where(x > 0, x, 0)"),
    ("0 < x < 1", "a chain of comparisons is ambiguous for arrays", "(0 < x) * (x < 1)"),
    ("2(x + 1)", "only a function, by its name, can be called", "2 * (x + 1)"),
    ("ReLU(x)", "there is no function `ReLU`", "relu(x)"),
    ("ln(x)", "there is no function `ln`", "log(x)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "what", "spelling"), _WRITTEN_OUT, ids=[text for text, _, _ in _WRITTEN_OUT])
def test_another_spelling_is_told_in_ours(text: str, what: str, spelling: str) -> None:
    """What people write in NumPy, PyTorch and Python is refused with the same thing written out, which parses."""
    with pytest.raises(FormulaError) as caught:
        parse(text)
    assert (what, f"Write {spelling}.") == (caught.value.what, caught.value.remedy)
    assert spelling == parse(spelling).canonical


_JOIN = "To join arrays write stack((a, b), axis=0); to pick entries, take(x, (0, 2), axis=0)."
_ALONE = "Functions stand alone: f(x, axis=0), not x.f(). "
_REFUSED = [
    ("", "the formula is empty", "Write an expression, such as W @ x + b."),
    ("tanhh(x)", "there is no function `tanhh`", "Did you mean tanh?"),
    ("mena(x)", "there is no function `mena`", "Did you mean mean?"),
    ("pinv(A)", "there is no function `pinv`", "It is not in this language; docs/formulas.md lists what is."),
    ("np.sort(x)", "`np.sort` " + _MODULE, _ALONE + "It is not in this language; docs/formulas.md lists what is."),
    ("topk(x, 2)", "there is no function `topk`", "It is not in this language; docs/formulas.md lists what is."),
    ("average(x, weights=w)", "there is no function `average`", "average(x) is mean(x)."),
    ("x.mT", "`.mT` is not known here", "Write x.T; of a stack of matrices swapaxes(x, -1, -2)."),
    ("x.repeat(2, 1)", "`.repeat(...)` " + _METHOD, "Write repeat(x, 2, 1); in torch's sense tile(x, (2, 1))."),
    (
        "x.max(dim=1)[0]",
        "`.max(...)` " + _METHOD,
        "Write max(x, axis=1). It gives the values alone, so no [0] or .values follows.",
    ),
    (
        "F.pad(x, (1, 1))",
        "`F.pad` " + _MODULE,
        _ALONE + "pad has a pair for each axis from the first: pad(x, ((0, 0), (1, 1))); torch lists them from the last.",
    ),
    ("x.expand(3, -1)", "`.expand(...)` " + _METHOD, _ALONE + "Did you mean broadcast_to(x, shape)?"),
    ("nn.Linear(3, 4)(x)", "only a function, by its name, can be called", "To multiply, write * between the factors."),
    (
        "randn(3)",
        "there is no function `randn`",
        "Make it an input with a draw, as `x: n ~ uniform(0, 1)`: formulas draw no random numbers.",
    ),
    ("x[:, np.newaxis]", "`np.newaxis` is not known here", "Write None in the index: x[:, None]."),
    (
        "norm(x, ord=np.inf)",
        "`np.inf` is not known here",
        "Formulas are finite throughout; the norm of order infinity is max(abs(x)).",
    ),
    ("sigma(x)", "there is no function `sigma`", "Did you mean sigmoid(x)?"),
    ("sgm(x)", "there is no function `sgm`", "To multiply, write sgm * (...); docs/formulas.md lists the functions."),
    ("W(x + b)", "there is no function `W`", "To multiply, write W * (...); docs/formulas.md lists the functions."),
    ("x.norm2()", "`.norm2(...)` " + _METHOD, _ALONE + "Did you mean norm?"),
    ("x.shape", "`.shape` is not known here", "Only .T follows a dot; sizes of axes are their names."),
    ("x.__class__", "`.__class__` is not known here", "Only .T follows a dot; sizes of axes are their names."),
    ("sum(x, size=0)", "sum has no keyword `size`", "It is sum(x, axis=None, keepdims=False)."),
    ("einsum('i', x, optimize=True)", "einsum has no keyword `optimize`", "It is einsum(subscripts, *operands)."),
    ("sum(x, 0, True, 1)", "sum takes at most 3 arguments", "It is sum(x, axis=None, keepdims=False)."),
    ("sum(x, 0, n)", "an option of sum is not what it takes", "It is sum(x, axis=None, keepdims=False)."),
    ("sum(x, 0, axis=1)", "sum is given `axis` twice", "It is sum(x, axis=None, keepdims=False)."),
    ("sum(axis=1)", "sum needs `x`", "It is sum(x, axis=None, keepdims=False)."),
    ("squeeze(x)", "squeeze needs `axis`", "It is squeeze(x, axis)."),
    ("outer(*x)", "a formula has no `*` before an argument", "Write the arguments out."),
    ("outer(**x)", "a formula has no `*` before an argument", "Write the arguments out."),
    ("lambda z: z", "a formula has no lambda", "Write the expression itself: the line has a name already."),
    ("f'{x}'", "a formula has no f-string", "Texts are only the subscripts of einsum and the like; write them out."),
    ("[a for a in x]", "a formula has no comprehension", "Write it for whole arrays, by broadcasting or einsum."),
    ("sum(a for a in x)", "a formula has no comprehension", "Write it for whole arrays, by broadcasting or einsum."),
    ("(z := x)", "`:=` names nothing inside a formula", "Give that part a line of its own in `forward`."),
    ("{1: x}", "a formula has no dict or set", ""),
    ("x is y", "`is` and `in` are not known here", "Comparisons are < <= > >= == !=."),
    ("x << 2", "this operator is not known here", "There are + - * / // % ** @ and comparisons."),
    ("[x, y]", "a list is given where an array is needed", _JOIN),
    ("(x, y)", "a tuple is given where an array is needed", _JOIN),
    ("x[[0, 1]]", "a list is given where an array is needed", _JOIN),
    ("x[()]", "this index is empty", "Write x[i] or x[1:3]."),
    ("True", "True is given where an array is needed", "True, False, None and texts are only options of functions."),
    ("x + 'a'", "'a' is given where an array is needed", "True, False, None and texts are only options of functions."),
    ("2j * x", "2j is given where an array is needed", "True, False, None and texts are only options of functions."),
    ("x = y", "there is a `=` inside the formula", "The name of a line comes before the colon; to compare, write ==."),
    ("x'", "a quote opens a text that does not end", "For a transpose write x.T; a derivative needs a name."),
    ("2x", "a number runs into a name", "To multiply, write * between them: 2 * x."),
    ("W x", "this is not a formula: invalid syntax", "Between two factors write * (entry by entry) or @ (matrix product)."),
    ("(x", "this is not a formula: '(' was never closed", ""),
    ("lambda * x", "`lambda` is a word of Python and cannot be a name", "Call it lam or lambda_."),
    ("x²", "the character ² is not known in a formula", "Write ** 2 instead."),
    ("W · x", "the character · is not known in a formula", "Write * instead."),
    ("1 − x", "the character − is not known in a formula", "Write - instead."),
    ("Wᵀ @ x", "the character ᵀ is not known in a formula", "Write .T instead."),
    ("x # scaled", "`#` starts no comment inside a formula", "Put the comment on a line of its own."),
    ("\\tanh(x)", "the character '\\\\' is not known in a formula", "Leave it out."),
    ("x\0", "the character '\\x00' is not known in a formula", "Leave it out."),
    ("x\ud800", "the character '\\ud800' is not known in a formula", "Leave it out."),
    ("1 / 0", "1 / 0 divides by zero", ""),
    ("(-8) ** (1 / 3)", "-8 ** 0.3333333333333333 is not a real number", ""),
    ("1e999", "this number is too large", "Integers go up to 2**53, floats to 1.0e308."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "what", "remedy"), _REFUSED, ids=[repr(text) for text, _, _ in _REFUSED])
def test_what_the_language_does_not_have_is_refused(text: str, what: str, remedy: str) -> None:
    """Each kind of refusal says what is wrong and what to do, in these words."""
    with pytest.raises(FormulaError) as caught:
        parse(text)
    assert (what, remedy) == (caught.value.what, caught.value.remedy)


_NUMPYS = sorted(
    name
    for module in (np, np.linalg)
    for name in dir(module)
    if callable(getattr(module, name)) and name.isidentifier() and name.islower() and name not in FUNCTIONS
)


@pytest.mark.parametrize("name", _NUMPYS)
def test_a_function_of_numpys_is_no_misspelling(name: str) -> None:
    """`sort` is not `sqrt` with a slip: a name that NumPy has is never told as another function's."""
    with pytest.raises(FormulaError) as caught:
        parse(f"{name}(x)")
    meant = re.match(r"Did you mean (\w+)\(", caught.value.remedy)
    assert meant is None or SPELLINGS[name] == meant[1]
    assert " or " not in caught.value.remedy.partition("?")[0]


@pytest.mark.parametrize(
    ("text", "column"), [("x + ^y", 5), ("x + np.exp(y)", 5), ("  δ + x.sum()", 7), ("x + y²", 6), ("  W x", 5)]
)
def test_a_refusal_knows_its_column(text: str, column: int) -> None:
    """Columns count characters of the text as written, from 1."""
    with pytest.raises(FormulaError) as caught:
        parse(text)
    assert column == caught.value.column


_HOSTILE = {
    "deep brackets": "(" * 900 + "x" + ")" * 900,
    "deep signs": "-" * 1900 + "x",
    "deep powers": "**".join(["x"] * 600),
    "long sum": "+".join(["x"] * 600),
    "deep calls": "exp(" * 150 + "x" + ")" * 150,
    "deep indices": "x" + "[0]" * 600,
    "a power of powers": "10**10**8",
    "a power with a huge base": "(2**50)**1000000000",
    "a float power": "9.9e307 ** 9.9e307",
    "a shift of digits": "9" * 1900,
    "too long": "x" * 100_000,
    "many operators": "~" * 1999,
    "quotes": "'" * 1999,
    "spaces before =": "x" + " " * 1900 + "= y",
    "a long unknown function": "q" * 1900 + "(x)",
    "many dots": "x" + ".a" * 900,
    "import": "__import__('os').system('true')",
    "format": "'{0.__class__}'.format(x)",
}


@pytest.mark.parametrize("text", _HOSTILE.values(), ids=_HOSTILE)
def test_a_hostile_formula_ends_at_once(text: str) -> None:
    """Whatever the text is, parsing ends in FormulaError, soon, without recursion or arithmetic running away."""
    start = time.perf_counter()
    with pytest.raises(FormulaError):
        parse(text)
    assert time.perf_counter() - start < 1


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_a_formula_or_a_refusal(text: str) -> None:
    """No text makes parsing fail in another way."""
    try:
        parse(text)
    except FormulaError as error:
        assert error.what


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "x",
                "1",
                " ",
                "(",
                ")",
                "[",
                "]",
                ",",
                ".T",
                ".sum(",
                "**",
                "-",
                "if ",
                "else ",
                "sum(",
                "axis=",
                ":",
                "'",
                "not ",
                "<",
                "=",
                "torch.",
                "lambda",
                "*",
            ]
        ),
        max_size=12,
    )
)
def test_any_pile_of_tokens_is_a_formula_or_a_refusal(tokens: list[str]) -> None:
    """Advice is found, and found to parse, for nearly formulas too."""
    try:
        parse("".join(tokens))
    except FormulaError as error:
        assert error.what


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("H - K + 1", 4),
        ("(H + 2 * P - K) // 2 + 1", 4),
        ("H ** 2 % 7", 1),
        ("-K + H", 3),
        ("max(H - 8, 1)", 1),
        ("min(H, min(K, P))", 2),
        ("+K", 3),
    ],
)
def test_a_size_is_an_integer_of_axes(text: str, value: int) -> None:
    """Sizes of derived axes come from the others."""
    assert value == evaluate_integer(parse(text), {"H": 6, "K": 3, "P": 2})


@pytest.mark.parametrize(
    ("text", "what", "remedy"),
    [
        ("H - q", "`q` is not an axis", "Axes known here: H, K."),
        ("H / 2", "`H / 2` is not a whole number of axes", "A size takes whole numbers, axes, + - * // % **, min and max."),
        ("H * 0.5", "`0.5` is not a whole number of axes", "A size takes whole numbers, axes, + - * // % **, min and max."),
        ("K ** -1", "`K ** -1` is not a whole number of axes", "A size takes whole numbers, axes, + - * // % **, min and max."),
        ("sum(H)", "`sum(H)` is not a whole number of axes", "A size takes whole numbers, axes, + - * // % **, min and max."),
        ("H // (K - 3)", "6 // 0 divides by zero", ""),
        ("H ** H ** H", "6 ** 46656 is too large", "Integers go up to 2**53, floats to 1.0e308."),
    ],
)
def test_what_is_no_size_is_refused(text: str, what: str, remedy: str) -> None:
    """Fractions, other functions and unknown axes are told apart."""
    with pytest.raises(FormulaError) as caught:
        evaluate_integer(parse(text), {"H": 6, "K": 3})
    assert (what, remedy) == (caught.value.what, caught.value.remedy)


def test_children_come_in_the_order_of_nodes() -> None:
    """Keywords are evaluated after arguments, the parts of a slice in order, absent ones not at all."""
    call = parse("sum(x[1::n], axis=0)").root
    assert [node_text(child) for child in children(call)] == ["x[1::n]", "0"]
    assert [node_text(child) for child in children(children(call)[0])] == ["x", "1::n"]


def test_every_function_has_an_example() -> None:
    """The table of examples and the registry name the same functions."""
    assert set(FUNCTIONS) == set(FUNCTION_EXAMPLES)


def test_the_first_examples_use_their_function() -> None:
    """What the documentation shows beside a function is that function."""
    strangers = [
        name
        for name, examples in FUNCTION_EXAMPLES.items()
        if name not in {n.function for n in parse(examples[0].text).nodes if isinstance(n, CallNode)}
    ]
    assert strangers == []


def test_the_documentation_lists_the_functions() -> None:
    """docs/formulas.md is up to date; `python tests/support/formula_examples.py` writes it."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert documented(text) == text
