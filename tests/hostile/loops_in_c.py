# attack: a loop in C that no Python signal handler interrupts
# expect: timed_out
def dY_dX(X):
    return sum(range(10**12))
