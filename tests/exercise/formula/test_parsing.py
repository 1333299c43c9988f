from __future__ import annotations

import dataclasses
import time

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
    node_text,
    parse,
)

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
    start = time.process_time()
    with pytest.raises(FormulaError):
        parse(text)
    assert time.process_time() - start < 1


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
