"""
Load the files of a submission from memory, in the child: each as a module, notebook cells one by one.

An exception while loading keeps what was defined before that line. Files of a submission can import one another.
"""

from __future__ import annotations

import ast
import builtins
import codecs
import io
import linecache
import re
import sys
import tokenize
from dataclasses import dataclass, field
from functools import partial
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Final

from grader.sandbox.child import autodiff
from grader.sandbox.child.copies import are_copies
from grader.sandbox.child.failures import clear_frames, frames_of, is_own, line_of, reason_of
from grader.sandbox.child.imports import Finder, Policy, StandIn, StandInModule
from grader.sandbox.wire.answer import LoadError, Phase, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from grader.sandbox.wire.plan import Source


class _CellRefused(Exception):
    """A cell that is not run: why, and its magic."""

    def __init__(self, reason: Reason, magic: str = "") -> None:
        super().__init__(reason, magic)
        self.reason = reason
        self.magic = magic


@dataclass(slots=True)
class Loader:
    """The sources of a job as they load. Mutable: importing one file may load another in the midst of it."""

    sources: Sequence[Source]
    asked: Sequence[str]
    policy: Policy = field(default_factory=Policy)
    modules: dict[str, ModuleType] = field(default_factory=dict)  # by the name of the source
    errors: list[LoadError] = field(default_factory=list)
    raised: dict[str, BaseException] = field(default_factory=dict)
    trees: dict[str, list[ast.Module]] = field(default_factory=dict)

    def load(self) -> None:
        """Load every source that no other has imported already."""
        for source in self.sources:
            if source.name not in self.modules:
                self._load(source)
        self.policy.loading = False

    def sibling(self, name: str) -> ModuleType | None:
        """Return the module that a file of the submission is, loading it first. Raises what the file raised."""
        for source in self.sources:
            if not source.is_notebook and module_name(source) == name:
                if source.name not in self.modules:
                    self._load(source)
                if source.name in self.raised:
                    raise self.raised[source.name]
                return self.modules[source.name]
        if any(module_name(source).startswith(f"{name}.") for source in self.sources):
            package = ModuleType(name)
            package.__path__ = []
            return package
        return None

    def _load(self, source: Source) -> None:
        module = ModuleType(module_name(source))
        module.__file__ = source.name
        if source.name.endswith("/__init__.py"):
            module.__package__, module.__path__ = module.__name__, []
        elif "." in module.__name__:
            module.__package__ = module.__name__.rpartition(".")[0]
        self.modules[source.name] = module
        sys.modules.setdefault(module.__name__, module)  # dataclasses and pickle look there; a real module is never replaced
        if source.is_notebook:
            module.__name__ = "__main__"  # as in Jupyter: what stands under `if __name__ == "__main__":` is run
            sys.modules["__main__"] = module
            module.__dict__.update(display=_display, get_ipython=lambda: StandIn("IPython", self.policy))
        for cell, label in _labelled(source):
            self._run(source, cell, label, module)

    def _run(self, source: Source, cell: bytes, label: str, module: ModuleType) -> None:
        phase = Phase.COMPILING
        try:
            linecache.cache[label] = (partial(_text_of, cell),)  # there is no file; decoded when a line is asked for
            code, _ = self._compiled(source, cell, label)
            phase = Phase.LOADING
            if code is not None:
                exec(code, module.__dict__)  # the sandbox exists for this line
        except _CellRefused as refusal:
            self.errors.append(LoadError(source=label, reason=refusal.reason, phase=phase, detail=refusal.magic))
        except SystemExit as error:
            raise Exited(label) from error
        except BaseException as error:
            if isinstance(error, MemoryError):
                clear_frames(error)
            self.raised[source.name] = error
            self.errors.append(_load_error(label, phase, error))

    def _compiled(self, source: Source, cell: bytes, label: str) -> tuple[CodeType | None, bytes]:
        """Compile a cell; return the text, too, that its line numbers refer to. The code is None where nothing is Python."""
        if source.is_notebook:
            return self._compile_cell(source, cell, label)
        return self._compile(source, cell, label), cell.removeprefix(codecs.BOM_UTF8)

    def _compile(self, source: Source, code: str | bytes, label: str) -> CodeType:
        """Compile code. Its tree is kept to be looked at where automatic differentiation may be in it."""
        if not autodiff.is_suspect(code):
            return compile(code, label, "exec", dont_inherit=True)
        tree = ast.parse(code, label)
        self.trees.setdefault(source.name, []).append(tree)
        return compile(tree, label, "exec", dont_inherit=True)

    def _compile_cell(self, source: Source, cell: bytes, label: str) -> tuple[CodeType | None, bytes]:
        """Compile a cell of a notebook, leaving its magics out."""
        text = _without_cell_magic(cell.decode("utf-8", "replace"))
        if text is None:
            return None, b""
        lines = text.split("\n")
        for _ in range(len(lines) + 1):
            plain = "\n".join(lines)
            try:
                return self._compile(source, plain, label), plain.encode()
            except SyntaxError as error:
                at = (error.lineno or 0) - 1
                if not 0 <= at < len(lines) or (python := _without_magic(lines[at])) is None:
                    raise
                lines[at] = python
        raise _CellRefused(Reason.MAGIC_LINES)

    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """
        Return the asked functions by name.

        One that several sources define differently is left out; of several copies the first counts.
        """
        found: dict[str, Callable[..., Any]] = {}
        for name in self.asked:
            things = [module.__dict__.get(name) for module in self.modules.values()]
            made: dict[int, Any] = {id(thing): thing for thing in things if _is_own(thing, name)}
            # what came out of a module that is not there says so when it is called: `dY_dX = jax.jacfwd(f)`
            absent = [thing for thing in things if type(thing) is StandIn]
            if made and are_copies(list(made.values()), self._source_of):
                found[name] = next(iter(made.values()))
            elif not made and absent:
                found[name] = absent[0]
        return found

    def _source_of(self, label: str) -> bytes:
        """Return the text that was compiled under a label, empty where none was."""
        cells = ((source, cell) for source in self.sources for cell, other in _labelled(source) if other == label)
        return next((self._compiled(source, cell, label)[1] for source, cell in cells), b"")

    def defined(self) -> Mapping[str, tuple[str, ...]]:
        """Return the student's functions by name, each with the sources that define it, in their order."""
        defined: dict[str, dict[int, str]] = {}
        for source in self.sources:
            for name, thing in list(self.modules[source.name].__dict__.items()):
                is_asked = name in self.asked
                listed = type(name) is str and not name.startswith("__") and (is_asked or type(thing) is FunctionType)
                if listed and _is_own(thing, name if is_asked else ""):
                    defined.setdefault(name, {}).setdefault(id(thing), source.name)
        return {name: tuple(sources.values()) for name, sources in defined.items()}

    def autodiff(self) -> tuple[str, ...]:
        """List names of automatic differentiation that the asked functions can reach."""
        found: dict[str, None] = {}
        for trees in self.trees.values():
            found |= dict.fromkeys(autodiff.names_used(trees, self.asked))
        return tuple(found)


class Exited(Exception):
    """Student code called sys.exit() while it was loaded."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.source = source  # the file or cell


def _load_error(label: str, phase: Phase, error: BaseException) -> LoadError:
    if phase is Phase.COMPILING and isinstance(error, MemoryError | RecursionError):
        return LoadError(source=label, reason=Reason.NESTED_TOO_DEEPLY, phase=phase, traceback=frames_of(error))
    # a MemoryError or NotImplementedError here is the file's: the functions that are missing now raised neither
    reason = Reason.REFUSED if reason_of(error) is Reason.REFUSED else Reason.RAISED
    return LoadError(source=label, reason=reason, phase=phase, detail=line_of(error), traceback=frames_of(error))


def load(loader: Loader, wanted: Callable[[str], bool]) -> None:
    """Run the code of a submission. Raises Exited when student code exits meanwhile."""
    policy = loader.policy
    sys.meta_path.insert(0, Finder(policy, loader.sibling, wanted))
    sys.modules["grader"] = StandInModule("grader", policy)  # so that the check cell of a starter loads, and does nothing
    loader.load()


def module_name(source: Source) -> str:
    """Return the name that a file is imported by: `cs231n/layers.py` is cs231n.layers, `cs231n/__init__.py` is cs231n."""
    path = re.sub(r"\.(py|ipynb)$", "", source.name).replace("\\", "/").strip("/")
    return path.removesuffix("/__init__").replace("/", ".")


_LIBRARY_KINDS: Final = frozenset(
    {"builtin_function_or_method", "ufunc", "_ArrayFunctionDispatcher", "method_descriptor", "wrapper_descriptor"}
)


def _is_own(thing: Any, asked: str) -> bool:
    """
    Whether a thing of a student's namespace is a function of the student's, not one imported from a library.

    A library's function under the asked name that is not its own was put there on purpose: `dy_dx = np.cos`.
    """
    if not callable(thing) or isinstance(thing, StandIn):
        return False
    kind: type = type(thing)
    if asked and (kind is FunctionType or kind.__name__ in _LIBRARY_KINDS) and thing.__name__ != asked:
        return True
    if kind is FunctionType:
        seen = 0
        while hasattr(thing, "__wrapped__") and seen < 100:
            thing = thing.__wrapped__
            seen += 1
        code = getattr(thing, "__code__", None)
        return code is None or is_own(code.co_filename) or code.co_filename == "<string>"
    if kind.__name__ in _LIBRARY_KINDS:
        return False
    return not (isinstance(thing, type) and sys.modules.get(thing.__module__, builtins).__dict__.get("__spec__") is not None)


def _text_of(source: bytes) -> str:
    """Decode a source for tracebacks, which show its lines."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        return source.decode(encoding, "replace")
    except (SyntaxError, LookupError):
        return source.decode("utf-8", "replace")


def _labelled(source: Source) -> Iterator[tuple[bytes, str]]:
    """Yield the cells, each with the name that tracebacks give it."""
    for number, cell in enumerate(source.cells, 1):
        yield cell, f"{source.name}, cell {number}" if source.is_notebook else source.name


# --- notebook cells -------------------------------------------------------------------------------------------------

_RUN_BODY: Final = frozenset({"time", "timeit", "capture", "prun", "python", "python3", "pypy"})
_NOT_CODE: Final = frozenset({"html", "HTML", "latex", "markdown", "javascript", "js", "svg", "SVG"})
_MAGIC: Final = re.compile(r"^(?P<indent>\s*)(?P<target>[A-Za-z_]\w*\s*=\s*)?(?P<mark>%|!|\?)")


def _without_cell_magic(text: str) -> str | None:
    """Turn the `%%` line of a cell into a comment; return None for a cell that is not Python. Raises _CellRefused."""
    first = text.lstrip().partition("\n")[0]
    if first.startswith("%%"):
        name = first[2:].split(" ")[0].strip()
        if name in _NOT_CODE:
            return None
        if name not in _RUN_BODY:
            raise _CellRefused(Reason.CELL_MAGIC, f"%%{name[:20]}")
        at = text.index("%%")
        text = text[:at] + "#" + text[at + 1 :]  # the line stays, so that line numbers do
    return text


def _without_magic(line: str) -> str | None:
    """Return a line as Python, without its magic or help call; None when it has none. Raises _CellRefused."""
    match = _MAGIC.match(line)
    if match is None:
        return f"{line[: len(line) - len(line.lstrip())]}pass" if re.match(r"^\s*[\w.]+\?{1,2}\s*;?$", line) else None
    if match["mark"] == "!":
        raise _CellRefused(Reason.SHELL_LINE)
    return f"{match['indent']}{match['target']}None" if match["target"] else f"{match['indent']}pass"


def _display(*things: object, **_: object) -> None:
    print(*things)
