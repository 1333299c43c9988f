# attack: sqlite on the gradebook
# expect: raised
import sqlite3


def dY_dX(X):
    return sqlite3.connect("@COURSE@/gradebook.db").execute("select 1").fetchall()
