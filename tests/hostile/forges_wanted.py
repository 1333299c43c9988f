# attack: asks for the same module again and again, for a new child each time
# expect: killed
import os
import struct


def dY_dX(X):
    os.write(4, struct.pack("<4sB3xQQ", b"grd1", 20, 0, 4) + struct.pack("<I", 4000))
    return X
