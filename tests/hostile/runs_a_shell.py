# attack: os.system
# expect: wrong_type|raised|wrong_shape|wrong_value
import os


def dY_dX(X):
    return os.system("touch @COURSE@/owned")
