# attack: dlopen of a library from the disk
# expect: raised
import ctypes


def dY_dX(X):
    for name in ("libm.so.6", "libcrypto.so.3", "@COURSE@/evil.so"):
        ctypes.CDLL(name)
    return X
