# attack: an object equal to everything
# expect: wrong_type
class Equal:
    def __eq__(self, other):
        return True

    def __le__(self, other):
        return True

    def __array__(self, *_, **__):
        return self

    shape = (3, 3)


def dY_dX(X):
    return Equal()
