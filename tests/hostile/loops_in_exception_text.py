# attack: an exception whose text never ends being made
# expect: timed_out
class Endless(Exception):
    def __str__(self):
        while True:
            pass


def dY_dX(X):
    raise Endless
