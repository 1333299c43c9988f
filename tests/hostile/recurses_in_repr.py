# attack: an exception whose text recurses
# expect: raised
class Deep(Exception):
    def __str__(self):
        return str(self)


def dY_dX(X):
    raise Deep
