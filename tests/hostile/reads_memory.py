# attack: scans its own heap for the eight bytes of an expected number
# expect: raised|killed|timed_out
import ctypes
import struct

import numpy as np


def dY_dX(X):
    needle = struct.pack("<d", float(1 - np.tanh(X[0]) ** 2))
    start = id(X) & ~0xFFFFF
    memory = ctypes.string_at(start, 1 << 20)
    raise LookupError(memory.find(needle))
