# attack: a BaseException of its own
# expect: raised
class Mine(BaseException):
    pass


def dY_dX(X):
    raise Mine("not an Exception")
