# attack: System V and POSIX queues, segments and semaphores, kernel keys
# expect: raised
import ctypes
import platform


def dY_dX(X):
    libc = ctypes.CDLL(None, use_errno=True)
    arm = platform.machine() == "aarch64"
    for number in (194, 186, 190, 180, 217) if arm else (29, 68, 64, 240, 248):
        if libc.syscall(number, 0x1234, 4096, 0o1666, 0, 0) >= 0:
            return "kept"
    raise PermissionError
