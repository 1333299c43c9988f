# attack: answers at import time, before it has seen a question
# expect: killed
import os
import struct

body = struct.pack("<IBBIIIHBBQQ", 0, 0, 0, 0, 0, 0, 1, 0, 2, 3, 3)
body += bytes(-len(body) % 8) + bytes(72)
os.write(4, struct.pack("<4sB3xQQ", b"grd1", 19, 0, len(body)) + body)


def dY_dX(X):
    return X
