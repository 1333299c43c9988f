# attack: vfork instead of fork
# expect: raised
import os


def dY_dX(X):
    return os.posix_spawn("/bin/sh", ["sh", "-c", "touch @COURSE@/owned"], {})
