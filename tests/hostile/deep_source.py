# attack: source nested deeper than the parser's stack
# expect: raised|killed
exec("x = " + "(" * 100_000 + ")" * 100_000)


def dY_dX(X):
    return X
