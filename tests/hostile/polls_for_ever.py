# attack: blocks in the kernel on its own results pipe
# expect: timed_out
import select


def dY_dX(X):
    select.select([], [], [])
