# attack: overflows the C stack, where Python does not count
# expect: killed|raised|out_of_memory|timed_out
def dY_dX(X):
    nested = ()
    for _ in range(3_000_000):
        nested = (nested,)
    return hash(nested)
