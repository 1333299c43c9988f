# attack: says that loading is done, with functions of its own choice, then loops
# expect: killed|timed_out
import os
import struct

body = struct.pack("<BIIII", 0, 0, 0, 0, 0)
os.write(4, struct.pack("<4sB3xQQ", b"grd1", 18, 0, len(body)) + body)
while True:
    pass
