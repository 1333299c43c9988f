# attack: a generator without end
# expect: wrong_type
def dY_dX(X):
    def ever():
        while True:
            yield 1.0

    return ever()
