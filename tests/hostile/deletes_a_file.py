# attack: deletes the gradebook
# expect: raised
import os


def dY_dX(X):
    os.remove("@COURSE@/gradebook.db")
