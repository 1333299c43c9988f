# attack: rt_sigqueueinfo, tkill and tgkill by number
# expect: raised
import ctypes
import os
import platform


def dY_dX(X):
    libc = ctypes.CDLL(None, use_errno=True)
    info = ctypes.create_string_buffer(128)
    parent = os.getppid()
    arm = platform.machine() == "aarch64"
    done = [
        libc.syscall(138 if arm else 129, parent, 9, info),
        libc.syscall(130 if arm else 200, parent, 9),
        libc.syscall(131 if arm else 234, parent, parent, 9),
        libc.syscall(424, 3, 9, None, 0),
    ]
    if any(result == 0 for result in done):
        return "sent"
    raise PermissionError
