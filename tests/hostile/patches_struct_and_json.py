# attack: breaks the modules that the protocol uses
# expect: wrong_value|killed|raised
import json
import os
import struct
import sys

struct.pack = struct.unpack = struct.unpack_from = lambda *_: b""
json.loads = json.dumps = lambda *_: {}
os.write = os.read = os._exit = lambda *_: 0
sys.modules["struct"] = sys.modules["json"] = sys.modules["os"] = None


def dY_dX(X):
    return X[:, None] * X
