# attack: forges two thousand errors of loading, each of which the grader would look up in a large source at every question
# expect: killed
import os
import struct
import sys


def text(raw):
    return struct.pack("<I", len(raw)) + raw


def frame(kind, body):
    os.write(4, struct.pack("<4sB3xQQ", b"grd1", kind, nonce, len(body)) + body)


stack = sys._getframe()
while stack is not None:
    for value in list(stack.f_locals.values()):
        nonce = getattr(value, "nonce", None) or globals().get("nonce")
    stack = stack.f_back
count = 2000
error = text(b"answer.py") + text(b"x") + text(b"")
frame(18, b"\0" + struct.pack("<I", count) + error * count + struct.pack("<II", 0, 0) + text(b""))
while len(head := os.read(3, 24)) == 24:
    _, _, nonce, length = struct.unpack("<4sB3xQQ", head)
    while length:
        length -= len(os.read(3, length))
    for index in range(3):
        body = struct.pack("<IBB", index, 1, 0) + text(b"no function " + b"q" * 30) + text(b"") + struct.pack("<IH", 0, 0)
        frame(19, body + bytes(-len(body) % 8))
