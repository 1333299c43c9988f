# attack: the fork system call itself
# expect: raised
import ctypes


def dY_dX(X):
    libc = ctypes.CDLL(None, use_errno=True)
    for number in (56, 57, 58, 435, 220):
        if libc.syscall(number, 17, 0, 0, 0, 0) == 0:
            return "forked"
    raise PermissionError
