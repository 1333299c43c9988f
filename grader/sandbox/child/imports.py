"""
Decide what student code may import, and stand in for everything else.

Importable are the modules that are already loaded, the closed list below, and the files that a submission brings along.
Any other module imports as a stand-in that raises when it is used, so that an import that is never used costs no points;
using one of automatic differentiation is refused.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Final, NoReturn

from grader.sandbox.wire.modules import AUTODIFF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from importlib.abc import Loader  # at run time its import takes 5 ms, and every zygote would wait for it
else:
    Loader = object

_SWEPT_IN: Final = ("numpy.f2py",)  # `from numpy import *` asks for it; in which order differs from process to process
_KEEPS_FUNCTION: Final = ("no_grad", "enable_grad", "inference_mode")


class Refused(ImportError):
    """Student code used a module that the exercise forbids."""


class NotAvailable(ImportError):
    """Student code used a module that is not there."""


class Policy:
    """Whether student code is loading. Meanwhile the stand-ins of a child do nothing; in a graded call they raise."""

    def __init__(self) -> None:
        self.loading = True


def _refuse(name: str) -> NoReturn:
    root = name.partition(".")[0]
    if root in AUTODIFF:
        raise Refused(f"{root} is not available in this exercise: derive the result by hand")
    raise NotAvailable(f"{root} is not available inside the grader")


class StandIn:
    """
    Something out of a module that is not there.

    While student code loads, naming, calling and combining it comes to another stand-in: plots, demonstrations and
    settings at the top of a file cost no points. Asking it for a number raises, and in a graded call any use does.
    """

    def __init__(self, name: str, policy: Policy) -> None:
        object.__setattr__(self, "_grader_name", name)
        object.__setattr__(self, "_grader_policy", policy)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return StandIn(f"{self._grader_name}.{name}", self._grader_policy)

    def _grader_absorbed(self, *_: object, **__: object) -> Any:
        return self if self._grader_policy.loading else _refuse(self._grader_name)

    def _grader_refused(self, *_: object, **__: object) -> NoReturn:
        _refuse(self._grader_name)

    def __call__(self, *arguments: object, **_: object) -> Any:
        """Return another stand-in or, when used as a decorator, the function itself."""
        absorbed = self._grader_absorbed()
        keeps = self._grader_name.partition(".")[0] not in AUTODIFF or self._grader_name.endswith(_KEEPS_FUNCTION)
        if keeps and len(arguments) == 1 and isinstance(arguments[0], FunctionType):
            return arguments[0]  # a decorator: `@njit`, `@torch.no_grad()`
        return absorbed

    def __mro_entries__(self, bases: tuple[object, ...]) -> tuple[type, ...]:
        # `class Net(nn.Module)` only defines; making an instance is the use
        refused = self._grader_absorbed

        class Unavailable:
            def __init__(self, *_: object, **__: object) -> None:
                refused()

        return (Unavailable,)

    def __setattr__(self, name: str, value: object) -> None:
        self._grader_absorbed()

    def __iter__(self) -> Iterator[Any]:
        # `fig, ax = plt.subplots()` is what people unpack
        absorbed = self._grader_absorbed()
        return iter((absorbed, absorbed))

    def __enter__(self) -> Any:
        return self._grader_absorbed()

    def __exit__(self, *_: object) -> None:
        return None

    def __instancecheck__(self, instance: object) -> bool:
        return False  # `isinstance(x, torch.Tensor)`: nothing is one here

    def __repr__(self) -> str:
        return f"<{self._grader_name}, which is not available inside the grader>"


_ABSORBED: Final = (
    "add radd sub rsub mul rmul truediv rtruediv floordiv mod pow rpow matmul rmatmul neg pos abs getitem setitem delitem"
)
for _name in _ABSORBED.split():
    setattr(StandIn, f"__{_name}__", StandIn._grader_absorbed)
_REFUSED: Final = "bool len lt le gt ge float int index complex array contains"
for _name in _REFUSED.split():
    setattr(StandIn, f"__{_name}__", StandIn._grader_refused)


class StandInModule(ModuleType):
    """A module that is not there."""

    def __init__(self, name: str, policy: Policy) -> None:
        super().__init__(name)
        self.__dict__["_grader_policy"] = policy
        self.__path__: list[str] = []  # so that `import matplotlib.pyplot` finds its parent to be a package

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return StandIn(f"{self.__name__}.{name}", self.__dict__["_grader_policy"])

    def __call__(self, *_: object, **__: object) -> Any:
        """Act as a call of something out of the module."""
        return StandIn(self.__name__, self.__dict__["_grader_policy"])._grader_absorbed()


class Finder:
    """
    The only finder that student code meets.

    `sibling(name)` loads a file of the submission and returns its module, or None. `wanted(name)` is asked about any other
    module: True leaves it to Python's own finders, False to a stand-in.
    """

    def __init__(self, policy: Policy, sibling: Callable[[str], ModuleType | None], wanted: Callable[[str], bool]) -> None:
        self.policy = policy
        self.sibling = sibling
        self.wanted = wanted

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """Return the spec of a sibling or of a stand-in; None lets the ordinary finders look."""
        module = self.sibling(name)
        if module is None:
            if self.wanted(name):
                return None
            parent = name.rpartition(".")[0]
            if name.startswith("_") and name in sys.stdlib_module_names:
                raise ModuleNotFoundError(_absent(name), name=name)  # an accelerator, as _decimal: there is Python code for it
            if parent and not isinstance(sys.modules.get(parent), StandInModule) and name not in _SWEPT_IN:
                raise ModuleNotFoundError(_absent(name), name=name)
            module = StandInModule(name, self.policy)
        return ModuleSpec(name, _Ready(module), is_package=hasattr(module, "__path__"))


def _absent(name: str) -> str:
    return f"No module named {name!r} inside the grader"


class _Ready(Loader):
    """A loader of a module that is made already."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module that is made already."""
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: the module has run."""


# Loaded in every zygote because nearly every submission or numpy itself wants them; measured: together under 20 ms.
_PRELOADED: Final = """
    __future__ abc array ast bisect builtins cmath collections collections.abc contextlib copy dataclasses datetime enum
    faulthandler functools gc heapq inspect io itertools json linecache math numbers operator os pathlib random re string
    struct sys textwrap time tokenize traceback types typing warnings weakref
"""

PRELOADED: Final = tuple(_PRELOADED.split())
