# attack: twenty million numbers in a list
# expect: timed_out|out_of_memory|wrong_shape
def dY_dX(X):
    return [0.5] * (20 << 20)
