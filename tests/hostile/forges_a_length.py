# attack: a header that announces 2**60 bytes
# expect: killed
import os
import struct


def dY_dX(X):
    os.write(4, struct.pack("<4sB3xQQ", b"grd1", 19, 0, 2**60))
    return X
