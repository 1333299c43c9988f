# attack: loops for ever
# expect: timed_out
def dY_dX(X):
    while True:
        pass
