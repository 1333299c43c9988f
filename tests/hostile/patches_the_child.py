# attack: replaces the loop that makes the calls
# expect: killed|wrong_value|wrong_type|wrong_shape|timed_out
import gc

from grader.sandbox.child import program

for thing in gc.get_objects():
    if isinstance(thing, program.Channel):
        thing.send = lambda buffers: None


def dY_dX(X):
    return X
