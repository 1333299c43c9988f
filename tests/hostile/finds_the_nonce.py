# attack: takes the nonce from the frames below, answers every question itself and exits
# expect: wrong_value|killed
import os
import struct
import sys


def dY_dX(X):
    frame = sys._getframe()
    while frame is not None:
        if "frame" in frame.f_locals and hasattr(frame.f_locals["frame"], "nonce"):
            nonce = frame.f_locals["frame"].nonce
            n = len(X)
            for index in range(10):
                body = struct.pack("<IBBIIIHBBQQ", index, 0, 0, 0, 0, 0, 1, 0, 2, n, n)
                body += bytes(-len(body) % 8) + bytes(8 * n * n)
                os.write(4, struct.pack("<4sB3xQQ", b"grd1", 19, nonce, len(body)) + body)
            os._exit(0)
        frame = frame.f_back
    raise LookupError
