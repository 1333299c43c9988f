# attack: pidfd_open and pidfd_getfd on the zygote
# expect: raised
import ctypes
import os


def dY_dX(X):
    libc = ctypes.CDLL(None, use_errno=True)
    pidfd = libc.syscall(434, os.getppid(), 0)
    if pidfd >= 0 or libc.syscall(438, 3, 3, 0) >= 0:
        return "taken"
    raise PermissionError
