# attack: an array interface with a pointer of its own
# expect: wrong_type
class Pointer:
    __array_interface__ = {"shape": (3, 3), "typestr": "<f8", "data": (64, False), "version": 3}


def dY_dX(X):
    return Pointer()
