# attack: takes the recursion limit away, so that the C stack overflows
# expect: killed|raised|out_of_memory|timed_out
import sys

sys.setrecursionlimit(2**31 - 1)


def dY_dX(X):
    return dY_dX(X)
