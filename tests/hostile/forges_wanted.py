# attack: asks for a module that is not on the list, for a new child each time
# expect: killed
# twin: correct
import sys

import forging

from grader.sandbox.wire.modules import ALLOWED

NUMBER = 4000 if forging.LIES else ALLOWED.index("colorsys")
if forging.LIES or "colorsys" not in sys.modules:
    forging.CHANNEL.send([forging.frames.header(forging.frames.WANTED, 0, 4), NUMBER.to_bytes(4, "little")])
    forging.os._exit(0)
forging.serve()
