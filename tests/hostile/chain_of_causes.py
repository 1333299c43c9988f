# attack: an exception with ten thousand causes
# expect: raised
def dY_dX(X):
    error = None
    for number in range(10_000):
        following = ValueError(number)
        following.__cause__ = error
        error = following
    raise error
