# attack: one bytecode that computes for hours
# expect: timed_out
def dY_dX(X):
    return 10 ** 10**9 % 7
