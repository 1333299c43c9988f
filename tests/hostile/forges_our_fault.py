# attack: a frame that says that the grader failed, which would cost no points
# expect: killed
import os
import struct


def dY_dX(X):
    os.write(4, struct.pack("<4sB3xQQ", b"grd1", 17, 0, 3) + b"bad")
    return X
