# attack: a header that announces 256 MiB which never come
# expect: timed_out
import os
import struct


def dY_dX(X):
    os.write(4, struct.pack("<4sB3xQQ", b"grd1", 19, 0, 256 << 20))
    while True:
        pass
