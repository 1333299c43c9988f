# attack: one expression that the compiler recurses into
# expect: raised|killed|timed_out
eval("+".join(["1"] * 1_000_000))


def dY_dX(X):
    return X
