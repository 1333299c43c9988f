# attack: a view of its input, which it changes afterwards
# expect: wrong_shape
kept = []


def dY_dX(X):
    for old in kept:
        old[:] = 1.0
    kept.append(X)
    return X
