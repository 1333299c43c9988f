# attack: the same calls by x86's other numbers
# expect: killed|raised
import ctypes
import platform


def dY_dX(X):
    if platform.machine() != "x86_64":
        raise PermissionError
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.syscall(0x40000000 + 57)
