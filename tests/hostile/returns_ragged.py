# attack: rows of different length
# expect: wrong_type
def dY_dX(X):
    return [[1.0], [1.0, 2.0]]
