# attack: a result whose conversion to an array never ends
# expect: wrong_type
class Result:
    def __array__(self, *_arguments, **_keywords):
        while True:
            pass

    __float__ = __len__ = __iter__ = __array__


def dY_dX(X):
    return Result()
