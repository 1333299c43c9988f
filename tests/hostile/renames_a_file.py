# attack: moves the gradebook away
# expect: raised
import os


def dY_dX(X):
    os.rename("@COURSE@/gradebook.db", "@COURSE@/gone.db")
