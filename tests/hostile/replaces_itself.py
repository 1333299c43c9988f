# attack: exec of another program on the grader's pipes
# expect: raised
import os


def dY_dX(X):
    os.execv("/bin/cat", ["cat", "@COURSE@/gradebook.db"])
