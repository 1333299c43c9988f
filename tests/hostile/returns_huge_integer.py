# attack: an integer of a million digits
# expect: wrong_type
def dY_dX(X):
    return 1 << 10**6
