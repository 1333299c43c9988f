# attack: ptrace on the zygote
# expect: raised
import ctypes
import os


def dY_dX(X):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(16, os.getppid(), 0, 0) == 0 or libc.ptrace(0, 0, 0, 0) == 0:
        return "traced"
    raise PermissionError
