# attack: recursion without end
# expect: raised
def dY_dX(X):
    return dY_dX(X)
