# attack: int 0x80 from machine code of its own
# expect: killed|raised
import ctypes
import mmap
import platform


def dY_dX(X):
    if platform.machine() != "x86_64":
        raise PermissionError
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(bytes.fromhex("b802000000cd80c3"))  # mov eax, 2 (fork); int 0x80; ret
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    return ctypes.CFUNCTYPE(ctypes.c_int)(address)()
