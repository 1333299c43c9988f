# attack: claims to be out of memory with a text of megabytes
# expect: out_of_memory
def dY_dX(X):
    raise MemoryError("x" * 10**7)
