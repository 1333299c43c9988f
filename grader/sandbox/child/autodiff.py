"""
Find names of automatic differentiation that graded calls can reach: a flag for staff, no proof.

Looks at the syntax tree only. Reach is by name: from the asked functions to the functions, classes and variables at the
top of the file that they name, and on from those.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from typing import TYPE_CHECKING, Final

from grader.sandbox.wire.modules import AUTODIFF

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_METHODS: Final = frozenset({"backward", "requires_grad", "requires_grad_", "retain_grad", "register_hook"})
_TORCH: Final = (
    "torch.autograd", "torch.func", "torch.functorch", "torch.enable_grad", "torch.set_grad_enabled", "torch.vmap",
)  # fmt: skip
# No name can be used without one of these words, or a coding in which the word looks different.
_SUSPECT: Final = re.compile(rf"\b(?:{'|'.join(sorted(AUTODIFF | _METHODS))})\b|coding[:=]", re.ASCII)


def is_suspect(source: str | bytes) -> bool:
    """
    Whether a source may use a name of automatic differentiation: most do not, and need no syntax tree.

    >>> is_suspect("import torch"), is_suspect(b"return 1 - np.tanh(x) ** 2")
    (True, False)
    """
    try:
        text = source if isinstance(source, str) else source.decode()
    except UnicodeDecodeError:
        return True
    # Python takes letters of other forms for the plain ones
    return _SUSPECT.search(text if text.isascii() else unicodedata.normalize("NFKC", text)) is not None


def names_used(trees: Sequence[ast.Module], asked: Sequence[str]) -> tuple[str, ...]:
    """List the names used, as `torch.autograd.grad` or `.backward()`, in the order of the file."""
    statements = [statement for tree in trees for statement in tree.body]
    aliases = _aliases(trees)
    found: dict[str, None] = {}
    for statement in _reachable(statements, asked):
        for node in ast.walk(statement):
            if name := _name_of_autodiff(node, aliases):
                found[name] = None
    return tuple(name for name in found if not any(other.startswith(f"{name}.") for other in found))


def _reachable(statements: Sequence[ast.stmt], asked: Sequence[str]) -> Iterator[ast.stmt]:
    binds: dict[str, list[ast.stmt]] = {}
    for statement in statements:
        for name in _bound(statement):
            binds.setdefault(name, []).append(statement)
    todo, seen = list(asked), set(asked)
    reached: dict[int, ast.stmt] = {}
    while todo:
        for statement in binds.get(todo.pop(), ()):
            if id(statement) in reached:
                continue
            reached[id(statement)] = statement
            for name in _names_from_outside(statement):
                if name not in seen:
                    seen.add(name)
                    todo.append(name)
    return (statement for statement in statements if id(statement) in reached)


def _names_from_outside(statement: ast.stmt) -> set[str]:
    """Return the names that a statement looks up at the top of the file: a function's own names are left out."""
    nodes = list(ast.walk(statement))
    named = {node.id for node in nodes if isinstance(node, ast.Name)}
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        named -= {node.arg for node in nodes if isinstance(node, ast.arg)}
        named -= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        named |= {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
    return named


def _bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    elif not isinstance(statement, ast.Import | ast.ImportFrom):
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                yield node.name


def _aliases(trees: Sequence[ast.Module]) -> dict[str, str]:
    """Map imported names to what they stand for: `grad` -> torch.autograd.grad."""
    aliases: dict[str, str] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for name in node.names:
                    root = name.name.partition(".")[0]
                    aliases[name.asname or root] = name.name if name.asname else root
            elif isinstance(node, ast.ImportFrom) and node.module:
                for name in node.names:
                    aliases[name.asname or name.name] = f"{node.module}.{name.name}"
    return aliases


def _name_of_autodiff(node: ast.AST, aliases: dict[str, str]) -> str:
    if isinstance(node, ast.keyword) and node.arg == "requires_grad" and not _is_false(node.value):
        return "requires_grad"
    if not isinstance(node, ast.Attribute | ast.Name):
        return ""
    dotted = _dotted(node, aliases)
    root = dotted.partition(".")[0]
    if dotted.startswith(_TORCH) or (root in AUTODIFF - {"torch", "torchvision"} and _is_imported(dotted, aliases)):
        return dotted
    if isinstance(node, ast.Attribute) and node.attr in _METHODS:
        return f".{node.attr}" + ("()" if node.attr in ("backward", "retain_grad", "register_hook", "requires_grad_") else "")
    return ""


def _is_imported(dotted: str, aliases: dict[str, str]) -> bool:
    return any(dotted == whole or dotted.startswith(f"{whole}.") for whole in aliases.values())


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _dotted(node: ast.expr, aliases: dict[str, str]) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    parts.append(aliases.get(node.id, node.id))
    return ".".join(reversed(parts))
