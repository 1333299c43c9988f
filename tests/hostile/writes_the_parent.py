# attack: process_vm_writev into the zygote
# expect: raised
import ctypes
import os
import platform


def dY_dX(X):
    libc = ctypes.CDLL(None, use_errno=True)
    here = ctypes.create_string_buffer(64)
    vector = (ctypes.c_void_p * 2)(ctypes.addressof(here), 64)
    number = 271 if platform.machine() == "aarch64" else 311
    if libc.syscall(number, os.getppid(), vector, 1, vector, 1, 0) >= 0:
        return "written"
    raise PermissionError
