# attack: takes all memory while it is loaded, and defines the function before
# expect: wrong_value|timed_out
def dY_dX(X):
    return X[:, None] * X


hoard = [0]
while True:
    hoard = hoard * 2
