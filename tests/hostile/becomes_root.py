# attack: every way to another user
# expect: raised
import os


def dY_dX(X):
    for attempt in (os.setuid, os.seteuid, os.setgid, os.setegid):
        try:
            attempt(0)
        except OSError:
            continue
        return "root"
    raise PermissionError
