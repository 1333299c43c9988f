# attack: a user namespace of its own, in which it is root
# expect: raised
import ctypes


def dY_dX(X):
    libc = ctypes.CDLL(None, use_errno=True)
    for flags in (0x10000000, 0x00020000, 0x20000000, 0x40000000):
        if libc.unshare(flags) == 0:
            return "made"
    raise PermissionError
