# attack: closes the grader's pipes and loops unseen
# expect: killed
import os


def dY_dX(X):
    os.closerange(0, 100)
    while True:
        pass
