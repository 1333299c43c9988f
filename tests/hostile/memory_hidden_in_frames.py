# attack: raises MemoryError from a deep stack that holds everything there is
# expect: out_of_memory|timed_out
def dY_dX(X, depth=0):
    held = bytearray(10**6)
    return dY_dX(X, depth + 1) if depth < 900 else held
