# attack: process_vm_readv from the zygote
# expect: raised
import ctypes
import os
import platform


def dY_dX(X):
    libc = ctypes.CDLL(None, use_errno=True)
    here = ctypes.create_string_buffer(64)
    vector = (ctypes.c_void_p * 2)(ctypes.addressof(here), 64)
    number = 270 if platform.machine() == "aarch64" else 310
    if libc.syscall(number, os.getppid(), vector, 1, vector, 1, 0) >= 0:
        return "read"
    raise PermissionError
