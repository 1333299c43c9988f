# attack: looks for exercise files and records
# expect: raised
import glob
import os


def dY_dX(X):
    found = glob.glob("/**/*.yaml", recursive=True)
    return open(found[0]).read() if found else os.listdir("/")
