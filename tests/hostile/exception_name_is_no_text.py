# attack: an exception whose class has no usable name and whose text is no text
# expect: raised
class Meta(type):
    @property
    def __name__(cls):
        raise SystemExit

    def __repr__(cls):
        raise SystemExit


class Odd(Exception, metaclass=Meta):
    def __str__(self):
        return 5

    __repr__ = __str__


def dY_dX(X):
    raise Odd
