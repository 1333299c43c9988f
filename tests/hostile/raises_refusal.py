# attack: raises the grader's own classes
# expect: refused
from grader.sandbox.child.imports import Refused


def dY_dX(X):
    raise Refused("everything was right")
