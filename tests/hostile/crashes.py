# attack: reads address 0
# expect: killed
import ctypes


def dY_dX(X):
    return ctypes.string_at(0)
