"""
Cut the functions of a model answer into bodies that stand in the cells of a notebook, each with what it needs.

Standard library only.
"""

from __future__ import annotations

import ast
import textwrap
from typing import TYPE_CHECKING

from grader.exercise import starter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_INDENT = "    "


def bodies(model: str, wanted: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """
    Return the bodies of the wanted functions of a model answer, each with the imports and helpers that it uses.

    `wanted` maps functions to the parameters that the starter gives them. A function with other parameters, or with a body that
    cannot be cut out line by line, is kept whole and called. Raises SyntaxError for a model answer that is not Python.
    """
    top = _top_level(ast.parse(model))
    found = {}
    for name, parameters in wanted.items():
        function = top.get(name)
        if not isinstance(function, ast.FunctionDef):
            continue
        needed = _needed(function, top, {name})
        pieces = [_text(model, top[other]) for other in needed]
        body = _body(model, function) if _has_only(parameters, function) else ""
        pieces.append(body or f"{_text(model, function)}\n\nreturn {name}({', '.join(parameters)})")
        found[name] = textwrap.indent("\n".join(pieces), _INDENT, lambda line: bool(line.strip()))
    return found


def _top_level(tree: ast.Module) -> dict[str, ast.stmt]:
    """Return the statements of a module by the names that they bind."""
    bound: dict[str, ast.stmt] = {}
    for node in tree.body:
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                bound[node.name] = node
            case ast.Import() | ast.ImportFrom():
                bound |= {(alias.asname or alias.name).partition(".")[0]: node for alias in node.names}
            case ast.Assign(targets=targets):
                bound |= {name: node for target in targets for name in _assigned(target)}
            case ast.AnnAssign(target=target, value=ast.expr()):
                bound |= {name: node for name in _assigned(target)}
    return bound


def _assigned(target: ast.expr) -> Iterator[str]:
    match target:
        case ast.Name(id=name):
            yield name
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            yield from (name for one in targets for name in _assigned(one))
        case ast.Starred(value=starred):
            yield from _assigned(starred)


def _needed(node: ast.stmt, top: Mapping[str, ast.stmt], seen: set[str]) -> list[str]:
    """Return the names of the module that a statement uses, after those that they use themselves; each statement once."""
    names: list[str] = []
    for name in dict.fromkeys(part.id for part in ast.walk(node) if isinstance(part, ast.Name)):
        if name not in top or name in seen or ast.unparse(top[name]) in starter.IMPORTS.values():
            continue
        seen.add(name)
        names += [*_needed(top[name], top, seen), name]
    return [name for place, name in enumerate(names) if not any(top[name] is top[other] for other in names[:place])]


def _has_only(parameters: tuple[str, ...], function: ast.FunctionDef) -> bool:
    """Whether a function takes these plain parameters, so that the starter's signature can replace its own."""
    given = function.args
    is_more = given.posonlyargs or given.vararg or given.kwonlyargs or given.kwarg or given.defaults or function.decorator_list
    return not is_more and tuple(argument.arg for argument in given.args) == parameters


def _body(model: str, function: ast.FunctionDef) -> str:
    """Return the lines of a function below its signature and docstring; nothing where it shares a line with them."""
    statements = function.body[1:] if ast.get_docstring(function) is not None and len(function.body) > 1 else function.body
    first = statements[0]
    lines = model.split("\n")  # as the parser counts them
    is_on_its_line = not lines[first.lineno - 1].encode()[: first.col_offset].strip()
    if not is_on_its_line or _is_decorated(first) or _has_long_text(function):
        return ""
    return textwrap.dedent("\n".join(lines[first.lineno - 1 : function.end_lineno]))


def _text(model: str, node: ast.stmt) -> str:
    """
    Return a statement as it is written.

    One that is decorated, or holds a text that indenting would change, is written anew, without its comments.
    """
    if _is_decorated(node) or _has_long_text(node):
        return ast.unparse(node)
    return ast.get_source_segment(model, node) or ast.unparse(node)


def _is_decorated(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and bool(node.decorator_list)


def _has_long_text(node: ast.stmt) -> bool:
    """Whether a text in the statement, docstrings apart, goes over several lines."""
    docstrings = {id(part.value) for part in ast.walk(node) if isinstance(part, ast.Expr)}
    texts = (part for part in ast.walk(node) if isinstance(part, ast.Constant | ast.JoinedStr) and id(part) not in docstrings)
    return any(part.end_lineno != part.lineno for part in texts)
