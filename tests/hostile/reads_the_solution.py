# attack: imports the model answer
# expect: raised|wrong_type
import sys

sys.path.insert(0, "@COURSE@")


def dY_dX(X):
    import solution

    return solution.dY_dX(X)
