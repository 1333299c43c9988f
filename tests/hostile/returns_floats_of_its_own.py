# attack: a list of float subclasses that agree with everything
# expect: wrong_type
class Sly(float):
    def __sub__(self, other):
        return 0.0


def dY_dX(X):
    return [[Sly() for _ in X] for _ in X]
