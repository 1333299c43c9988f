# attack: subprocess
# expect: raised
import subprocess


def dY_dX(X):
    return subprocess.check_output(["/bin/cat", "@COURSE@/gradebook.db"])
