# attack: a regular expression that backtracks without end
# expect: timed_out
import re


def dY_dX(X):
    re.match(r"(a+)+$", "a" * 60 + "b")
