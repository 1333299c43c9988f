# attack: says a second time what reading it came to, and this time that it keeps nothing from call to call
# expect: killed
import os
import struct
import sys

stack = sys._getframe()
while not hasattr(stack.f_locals.get("orders"), "nonce"):
    stack = stack.f_back
os.write(4, struct.pack("<4sB3xQQ", b"grd1", 21, stack.f_locals["orders"].nonce, 1) + b"\x01")
seen = []


def dY_dX(X):
    seen.append(X)
    return len(seen)
