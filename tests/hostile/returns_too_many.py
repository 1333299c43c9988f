# attack: a hundred thousand answers for one
# expect: wrong_shape|wrong_type
def dY_dX(X):
    return (0.0,) * 100_000
