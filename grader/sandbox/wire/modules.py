"""Which modules student code may load on demand, and which are refused since they differentiate by themselves."""

from __future__ import annotations

from functools import cache
from typing import Final

_AUTODIFF: Final = (
    "torch torchvision functorch jax jaxlib flax equinox optax haiku tensorflow keras autograd theano aesara pytensor pymc "
    "casadi mxnet paddle tinygrad chainer mindspore micrograd pytorch_lightning lightning algopy ad adolc numdifftools"
)
AUTODIFF: Final = frozenset(_AUTODIFF.split())

# Importable on demand: the zygote loads them when a submission first asks for one, out of student code's reach.
_ALLOWED: Final = """
    argparse asyncio atexit base64 bdb binascii bz2 cProfile calendar cmd code codecs codeop colorsys concurrent.futures
    configparser contextvars copyreg csv ctypes dbm decimal difflib dis doctest email errno fcntl fnmatch fractions getopt
    getpass glob graphlib gzip hashlib hmac html http importlib importlib.resources importlib.util keyword locale logging
    lzma mmap multiprocessing opcode optparse pdb pickle pkgutil platform pprint profile pstats pty pydoc queue quopri
    reprlib resource runpy sched secrets select selectors shelve shlex shutil signal site smtplib socket sqlite3 ssl stat
    statistics subprocess symtable sysconfig tarfile tempfile threading timeit tkinter trace tracemalloc typing_extensions
    unicodedata unittest unittest.mock urllib urllib.parse urllib.request uuid xml zipfile zlib zoneinfo
    numpy.char numpy.core numpy.core.umath_tests numpy.ctypeslib numpy.dtypes numpy.emath numpy.exceptions numpy.fft
    numpy.lib.format numpy.lib.recfunctions numpy.lib.scimath numpy.lib.stride_tricks numpy.linalg numpy.ma
    numpy.ma.extras numpy.ma.mrecords numpy.matlib numpy.polynomial numpy.random numpy.rec numpy.strings numpy.testing
    numpy.typing numpy.version
    torch._dynamo
"""

ALLOWED: Final = tuple(_ALLOWED.split())  # the place of a name is its number on the wire


@cache
def allowed(arrays: str) -> tuple[str, ...]:
    """Return the modules of the closed list that an exercise with these arrays may have: torch's for torch only."""
    return tuple(name for name in ALLOWED if arrays == "torch" or name.partition(".")[0] not in AUTODIFF)
