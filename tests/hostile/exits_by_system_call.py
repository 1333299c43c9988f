# attack: exit_group by ctypes
# expect: killed
import ctypes
import platform


def dY_dX(X):
    ctypes.CDLL(None).syscall(94 if platform.machine() == "aarch64" else 231, 70)
