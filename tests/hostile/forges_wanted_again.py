# attack: asks for a module that is there, for a new child each time
# expect: killed
# twin: correct
import sys

import forging

from grader.sandbox.wire.modules import ALLOWED

if forging.LIES or "sched" not in sys.modules:
    forging.CHANNEL.send([forging.frames.header(forging.frames.WANTED, 0, 4), ALLOWED.index("sched").to_bytes(4, "little")])
    forging.os._exit(0)
forging.serve()
