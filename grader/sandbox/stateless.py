"""
Shows of most submissions, by reading, that an answer depends on nothing but the arguments of its call.

A second run, which looks for memory and chance, has then nothing to find. It is shown in two steps. Before anything runs,
the code objects are read: none may hold an instruction or a name that is not in the lists below, so that what runs can
change nothing but names and arrays of its own, least of all the program that grades it. After loading, the functions are
looked at: what they reach at the top of the file may be functions that were read, numbers, modules and functions of these
modules, and of all that nothing lasts from one call to the next.

Whatever else occurs leaves the question open, which costs a second run and nothing more: so it is with instructions that
came with a later Python. A name belongs in a list only when nothing can be kept in it or read off it, whatever it is an
attribute of: not `empty`, which shows old memory, nor `where=`, which leaves entries as they were in it. No text is data in
a function, since text made of an object shows its address; nor may an exercise give it any (`call.gives_text`).

While a file loads it may draw: `draws` says so, for the draws to be seeded and come out alike in every child. What it makes of
an address or of old memory then is not looked for: it is no better than a guess that stands in the file.
"""

from __future__ import annotations

import builtins
import sys
from itertools import islice
from opcode import opmap
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


_NONE: Final = -1


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _known(names: str) -> frozenset[int]:
    """The numbers of instructions, as far as this Python has them."""
    return frozenset([_number(name) for name in names.split()]) - {_NONE}


def _number(name: str) -> int:
    number = opmap.get(name, _NONE)
    return number if number < 256 else _NONE  # beyond are those that only the compiler knows


MODULES: Final = frozenset(
    {"math", "numpy", "numpy.linalg", "torch", "torch.linalg", "torch.nn", "torch.nn.functional"}
)  # of which the names below may be used; not of a submission's files that are called so
ATTRIBUTES: Final = _words(
    """
    abs absolute accumulate add all allclose amax amin any append arange arccos arccosh arcsin arcsinh arctan arctan2 arctanh
    argmax argmin argsort array array_equal asarray astype at atleast_1d atleast_2d atleast_3d block bmm broadcast_to cat cbrt
    ceil clamp clip clone column_stack concatenate conj conjugate contiguous copy cos cosh count_nonzero cross cumprod cumsum
    deg2rad delete det detach diag diag_embed diagflat diagonal diff dim divide dot double dtype e einsum equal erf exp exp2
    expand expand_dims expm1 eye fabs fill fill_diagonal flatnonzero flatten flip float float32 float64 floor floor_divide
    full full_like functional ger greater greater_equal heaviside hstack hypot identity imag indices inf inner insert int64
    intp inv isclose isfinite isinf isnan item ix_ kron less less_equal linalg linspace log log10 log1p log2 log_softmax
    logaddexp logical_and logical_not logical_or logsumexp masked_fill matmul matrix_power max maximum mean meshgrid min
    minimum mm mod moveaxis multiply mv nan nan_to_num ndenumerate ndim ndindex negative newaxis nn nonzero norm not_equal
    numel numpy one_hot ones ones_like outer permute pi pinv pop pow power prod ravel real reciprocal reduce relu remainder
    repeat reshape roll round rsqrt shape sigmoid sign sin sinh size softmax solve sort split sqrt square squeeze stack std
    subtract sum swapaxes T t take take_along_axis tan tanh tensor tensordot tile tolist trace transpose tri tril tril_indices
    triu triu_indices true_divide unbind unravel_index unsqueeze var vdot view vstack where zeros zeros_like
    """
)
BUILTINS: Final = _words(
    """
    abs all any bool complex divmod enumerate filter float int isinstance len list map max min pow print range reversed round
    sorted sum tuple zip AssertionError IndexError NotImplementedError TypeError ValueError __name__
    """
)
# What runs once, while the file is loaded, may use more: functions do not reach what comes of it.
_BUILTINS_AT_THE_TOP: Final = BUILTINS | {"dict", "str"}  # in a function `dict(x=1)` would make text of names
_ATTRIBUTES_AT_THE_TOP: Final = ATTRIBUTES | _words(
    """
    annotations Any Callable check default_rng Dict format List manual_seed ndarray normal Optional rand randn random seed
    set_default_dtype set_num_threads standard_normal Tensor Tuple uniform Union
    """
)
_DRAWING: Final = frozenset({"normal", "rand", "randn", "random", "standard_normal", "uniform"})
_SEEDING: Final = frozenset({"default_rng", "seed"})  # as chance has it, unless they are given a number
_MODULES_AT_THE_TOP: Final = MODULES | {"__future__", "typing", "grader"}  # grader, a stand-in here: a starter ends in a check

_IN_FUNCTIONS: Final = _known(
    """
    BINARY_OP BINARY_SLICE BINARY_SUBSCR BUILD_LIST BUILD_MAP BUILD_SLICE BUILD_TUPLE CACHE CALL CALL_FUNCTION_EX
    CALL_INTRINSIC_1 CALL_KW COMPARE_OP CONTAINS_OP COPY COPY_FREE_VARS END_FOR EXTENDED_ARG FOR_ITER GET_ITER IMPORT_FROM
    IMPORT_NAME IS_OP JUMP_BACKWARD JUMP_BACKWARD_NO_INTERRUPT JUMP_FORWARD JUMP_IF_FALSE_OR_POP JUMP_IF_TRUE_OR_POP KW_NAMES
    LIST_APPEND LIST_EXTEND LIST_TO_TUPLE LOAD_ASSERTION_ERROR LOAD_ATTR LOAD_CLOSURE LOAD_CONST LOAD_DEREF LOAD_FAST
    LOAD_FAST_AND_CLEAR LOAD_FAST_CHECK LOAD_FAST_LOAD_FAST LOAD_GLOBAL LOAD_METHOD MAKE_CELL MAKE_FUNCTION MAP_ADD NOP
    POP_JUMP_BACKWARD_IF_FALSE POP_JUMP_BACKWARD_IF_NONE POP_JUMP_BACKWARD_IF_NOT_NONE POP_JUMP_BACKWARD_IF_TRUE
    POP_JUMP_FORWARD_IF_FALSE POP_JUMP_FORWARD_IF_NONE POP_JUMP_FORWARD_IF_NOT_NONE POP_JUMP_FORWARD_IF_TRUE
    POP_JUMP_IF_FALSE POP_JUMP_IF_NONE POP_JUMP_IF_NOT_NONE POP_JUMP_IF_TRUE POP_TOP PRECALL PUSH_NULL RAISE_VARARGS RERAISE
    RESUME RETURN_CONST RETURN_GENERATOR RETURN_VALUE SET_FUNCTION_ATTRIBUTE STORE_DEREF STORE_FAST STORE_FAST_LOAD_FAST
    STORE_FAST_STORE_FAST STORE_SLICE STORE_SUBSCR SWAP TO_BOOL UNARY_INVERT UNARY_NEGATIVE UNARY_NOT UNARY_POSITIVE UNPACK_EX
    UNPACK_SEQUENCE YIELD_VALUE
    """
)
_AT_THE_TOP: Final = _IN_FUNCTIONS | _known(
    "BUILD_CONST_KEY_MAP BUILD_STRING CONVERT_VALUE FORMAT_SIMPLE FORMAT_VALUE FORMAT_WITH_SPEC LOAD_NAME STORE_NAME"
)
_EXTENDED: Final = opmap["EXTENDED_ARG"]
_PASSED_OVER: Final = _known("CACHE PRECALL")
_CALLING: Final = _known("CALL CALL_FUNCTION_EX CALL_KW")
_LOAD_CONST: Final = opmap["LOAD_CONST"]
_RETURN_CONST: Final = _number("RETURN_CONST")
_CALL, _CALL_KW, _KW_NAMES = opmap["CALL"], _number("CALL_KW"), _number("KW_NAMES")
_RAISE: Final = opmap["RAISE_VARARGS"]
_IMPORT_NAME, _IMPORT_FROM = opmap["IMPORT_NAME"], opmap["IMPORT_FROM"]
_STORE_NAME, _LOAD_GLOBAL = opmap["STORE_NAME"], opmap["LOAD_GLOBAL"]
LOADING_FROM_THE_TOP: Final = frozenset({_LOAD_GLOBAL, opmap["LOAD_NAME"]})
_LOAD_ATTR, _LOAD_METHOD = opmap["LOAD_ATTR"], _number("LOAD_METHOD")
_CALL_EX, _INTRINSIC = _number("CALL_FUNCTION_EX"), _number("CALL_INTRINSIC_1")
_METHODS_ARE_ATTRIBUTES: Final = sys.version_info >= (3, 12)  # marked in the lowest bit
_PLACES_ARE_RIGHT: Final = sys.version_info >= (3, 12)
_EX_HAS_A_FLAG: Final = sys.version_info < (3, 14)
_TELLING: Final = _known(  # whose argument tells whether they are harmless
    """
    CALL_FUNCTION_EX CALL_INTRINSIC_1 IMPORT_FROM IMPORT_NAME KW_NAMES LOAD_ATTR LOAD_CONST LOAD_GLOBAL LOAD_METHOD LOAD_NAME
    RETURN_CONST STORE_NAME
    """
)
_HARMLESS_INTRINSICS: Final = frozenset({3, 5, 6})  # StopIteration in a generator, +x, list to tuple; 2 is `import *`

_COMPREHENSIONS: Final = frozenset({"<listcomp>", "<dictcomp>"})
_HAS_OPTIONS: Final = 0x08  # `**options`, which make text of names
_NUMBERS: Final = (bool, int, float, complex, type(None), type(...))


def instructions_of(raw: bytes) -> Iterator[tuple[int, int, int]]:
    """Each instruction of a code object's `co_code` with its place and its whole argument."""
    extension = 0
    for place in range(0, len(raw), 2):
        instruction, argument = raw[place], raw[place + 1] | extension
        extension = argument << 8 if instruction == _EXTENDED else 0
        yield place, instruction, argument


def name_at_the_top(code: CodeType, instruction: int, argument: int) -> str:
    """What an instruction LOADING_FROM_THE_TOP looks for."""
    return code.co_names[argument >> (instruction == _LOAD_GLOBAL)]


class Reading:
    """The code objects of a submission, read one after the other before any of them runs."""

    def __init__(self) -> None:
        self.draws = False  # whether something at the top draws numbers
        self._calls_at_top = self._names_the_type = False
        self._globals: dict[int, tuple[CodeType, set[str]]] = {}  # by identity: each with what it names at the top

    def take(self, code: CodeType, source: bytes, *, at_top: bool = True) -> bool:
        """Whether a code object, and all within it, holds only what is in the lists; it was compiled from this source."""
        named: set[str] = set()
        self._globals[id(code)] = code, named
        instructions = _Instructions(code, source, named, at_top=at_top)
        if not instructions.are_listed():
            return False
        self.draws |= instructions.draws
        self._calls_at_top |= at_top and not _CALLING.isdisjoint(instructions.raw[::2])
        # for annotations; called with a `buffer`, it makes numbers of the addresses of objects, and objects of numbers
        self._names_the_type |= instructions.names_the_type
        if self._names_the_type and self._calls_at_top:
            return False
        for inner in code.co_consts:
            if type(inner) is CodeType:
                # before 3.12 a comprehension is a code object of its own, which runs where it stands
                if not self.take(inner, source, at_top=at_top and inner.co_name in _COMPREHENSIONS):
                    return False
                named |= self._globals[id(inner)][1]
        return True

    def are_stateless(self, functions: Iterable[object]) -> bool:
        """Whether these keep nothing, with all that they reach. To be asked only of what loaded after `take` held of it all."""
        todo = list(functions)
        seen: set[int] = set()
        while todo:
            thing = todo.pop()
            if type(thing) is FunctionType and id(thing.__code__) in self._globals:
                if thing.__closure__:  # which a function may change
                    return False
                if id(thing) in seen:
                    continue
                seen.add(id(thing))
                _, named = self._globals[id(thing.__code__)]
                todo += [thing.__globals__[name] for name in named if name in thing.__globals__]
                todo += [*(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values()]
            elif type(thing) is tuple:
                todo += thing
            elif not isinstance(thing, _NUMBERS) and not _is_of_a_library(thing):
                return False
        return True


class _Instructions:
    """The instructions of one code object; the names that it looks for at the top go to `named`."""

    def __init__(self, code: CodeType, source: bytes, named: set[str], *, at_top: bool) -> None:
        self.code = code
        self.source = source
        self.named = named
        self.at_top = at_top
        self.draws = self.names_the_type = False
        self.raw = code.co_code
        self.attributes = _ATTRIBUTES_AT_THE_TOP if at_top else ATTRIBUTES
        self.builtins = _BUILTINS_AT_THE_TOP if at_top else BUILTINS

    def are_listed(self) -> bool:
        """Whether all are in the lists, with what they name."""
        listed = _AT_THE_TOP if self.at_top else _IN_FUNCTIONS
        if not listed.issuperset(self.raw[::2]) or self.code.co_flags & _HAS_OPTIONS:
            return False
        for place, instruction, argument in instructions_of(self.raw):
            if instruction in _TELLING and not self._is_harmless(place, instruction, argument):
                return False
        return True

    def _is_harmless(self, place: int, instruction: int, argument: int) -> bool:
        names = self.code.co_names
        if instruction == _LOAD_CONST:
            return self._may_load(place, self.code.co_consts[argument])
        if instruction in (_LOAD_ATTR, _LOAD_METHOD):
            name = names[argument >> _METHODS_ARE_ATTRIBUTES]
            return self._may_take(place, name)
        if instruction in LOADING_FROM_THE_TOP:
            name = name_at_the_top(self.code, instruction, argument)
            self.named.add(name)
            # a name of both may be the builtin yet; __builtins__ is the namespace where all are kept
            return name in self.builtins or not (name.startswith("__") or hasattr(builtins, name))
        if instruction == _STORE_NAME:
            # not __builtins__, where functions look for `max`, nor what modules are told by
            return not names[argument].startswith("__") or names[argument] in ("__doc__", "__author__")
        if instruction == _IMPORT_NAME:
            return names[argument] in (_MODULES_AT_THE_TOP if self.at_top else MODULES)
        if instruction == _IMPORT_FROM:
            return self._may_take(place, names[argument])
        if instruction == _KW_NAMES:
            return "where" not in self.code.co_consts[argument]
        if instruction == _RETURN_CONST:
            return _is_number(self.code.co_consts[argument])
        if instruction == _CALL_EX:
            return _EX_HAS_A_FLAG and not argument & 1  # **options can hold any name
        return argument in _HARMLESS_INTRINSICS

    def _may_take(self, place: int, name: str) -> bool:
        """Whether an attribute is listed; what is a seed must be given a number, as in `default_rng(0)`."""
        self.draws |= name in _DRAWING
        if name in _SEEDING:
            (number, argument), (call, count) = self._after(place, 2)
            if (number, call, count) != (_LOAD_CONST, _CALL, 1) or type(self.code.co_consts[argument]) is not int:
                return False
        self.names_the_type |= name == "ndarray"
        if name == "asarray" and "torch" in sys.modules:
            return False  # torch's writes to the memory of bytes, which Python shares
        return name in self.attributes

    def _may_load(self, place: int, value: object) -> bool:
        """In a function, text only as names of keywords and imports, subscripts of einsum and what an exception says."""
        if type(value) is CodeType or _is_number(value) or (self.at_top and isinstance(value, str)):
            return True
        (after, _), (last, _) = self._after(place, 2)
        if after == _CALL_KW and isinstance(value, tuple):
            return "where" not in value
        if self.at_top:
            return _is_plain(value)  # bytes are memory that torch would write to
        if isinstance(value, str):
            return (after == _CALL and last == _RAISE) or self._is_of_einsum(place)
        return after == _IMPORT_NAME

    def _after(self, place: int, count: int) -> list[tuple[int, int]]:
        """The next instructions with their arguments, which are whole: before a longer one stands EXTENDED_ARG."""
        rest = ((self.raw[at], self.raw[at + 1]) for at in range(place + 2, len(self.raw), 2))
        found = list(islice((pair for pair in rest if pair[0] not in _PASSED_OVER), count))
        return found + [(_NONE, 0)] * (count - len(found))

    def _is_of_einsum(self, place: int) -> bool:
        """Whether a text is the whole first argument in `np.einsum("ij,j->i", W, X)`: by where it stands in the source."""
        line, last, begin, end = next(islice(self.code.co_positions(), place // 2, None))
        if line is None or line != last or begin is None or end is None:
            return False
        # a lambda at the top may stand in an f-string, whose places used to be wrong
        if not _PLACES_ARE_RIGHT and self.code.co_qualname.startswith("<"):
            return False
        lines = self.source.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        before, behind = lines[line - 1][:begin].rstrip(), lines[line - 1][end:].lstrip()
        if not before and line > 1 and b"#" not in lines[line - 2]:
            before = lines[line - 2].rstrip()
        return before.endswith(b".einsum(") and behind.startswith(b",")


def _is_number(value: object) -> bool:
    return isinstance(value, _NUMBERS) or (type(value) is tuple and all(map(_is_number, value)))


def _is_plain(value: object) -> bool:
    return isinstance(value, str) or _is_number(value) or (type(value) is tuple and all(map(_is_plain, value)))


def _is_of_a_library(thing: object) -> bool:
    """Whether it is one of the modules, or a function of theirs that is in the list."""
    if isinstance(thing, ModuleType):
        return thing.__name__ in MODULES and sys.modules.get(thing.__name__) is thing
    name = getattr(thing, "__name__", None)
    if not isinstance(name, str) or name not in ATTRIBUTES:
        return False
    return any(getattr(sys.modules.get(module), name, None) is thing for module in MODULES)
