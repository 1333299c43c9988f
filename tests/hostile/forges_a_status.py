# attack: a status that is not on the list
# expect: killed
import os
import struct
import sys


def dY_dX(X):
    frame = sys._getframe()
    while not ("frame" in frame.f_locals and hasattr(frame.f_locals["frame"], "nonce")):
        frame = frame.f_back
    body = struct.pack("<IBBIIIH", 0, 200, 0, 0, 0, 0, 0)
    os.write(4, struct.pack("<4sB3xQQ", b"grd1", 19, frame.f_locals["frame"].nonce, len(body)) + body)
    os._exit(0)
