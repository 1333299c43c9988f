# attack: nothing
# expect: wrong_type
def dY_dX(X):
    return None
