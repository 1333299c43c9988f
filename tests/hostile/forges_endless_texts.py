# attack: forges answers of forty megabytes of terminal codes, which cost the grader seconds each to clean
# expect: killed
import os
import struct
import sys


def text(raw):
    return struct.pack("<I", len(raw)) + raw


def dY_dX(X):
    stack = sys._getframe()
    while not hasattr(stack.f_locals.get("frame"), "nonce"):
        stack = stack.f_back
    nonce = stack.f_locals["frame"].nonce
    long = text(b"\x1b[0m" * 4096)
    for index in range(3):
        body = struct.pack("<IBB", index, 6, 0) + long * 2 + struct.pack("<I", 2000) + long * 2000 + struct.pack("<H", 256)
        body += (b"\2" + long * 2) * 256
        body += bytes(-len(body) % 8)
        rest = memoryview(struct.pack("<4sB3xQQ", b"grd1", 19, nonce, len(body)) + body)
        while rest:
            rest = rest[os.write(4, rest) :]
    os._exit(0)
