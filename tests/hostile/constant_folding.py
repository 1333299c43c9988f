# attack: a constant that the compiler folds into gigabytes
# expect: raised|out_of_memory|timed_out|wrong_type
def dY_dX(X):
    return ("x" * 4096) * 2**40
