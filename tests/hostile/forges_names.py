# attack: says that it defines functions with endless names, which the grader would compare with the one it misses
# expect: killed
import os
import struct
import sys


def text(raw):
    return struct.pack("<I", len(raw)) + raw


stack = sys._getframe()
while not hasattr(stack.f_locals.get("orders"), "nonce"):
    stack = stack.f_back
nonce = stack.f_locals["orders"].nonce
names = b"".join(text(b"dY_dX" * 3000 + b"%d" % number) + struct.pack("<I", 0) for number in range(60))
body = struct.pack("<BII", 0, 0, 60) + names + struct.pack("<I", 0) + text(b"")
os.write(4, struct.pack("<4sB3xQQ", b"grd1", 18, nonce, len(body)) + body)
while os.read(3, 4096):
    pass
