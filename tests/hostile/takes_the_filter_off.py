# attack: another seccomp filter, prctl, dumpable
# expect: raised
import ctypes


def dY_dX(X):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(22, 0, 0, 0, 0) == 0 or libc.prctl(4, 1, 0, 0, 0) == 0 or libc.prctl(1, 0, 0, 0, 0) == 0:
        return "off"
    raise PermissionError
