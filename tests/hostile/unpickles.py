# attack: an unpickled object that runs a command
# expect: raised
import pickle


class Bomb:
    def __reduce__(self):
        import os

        return (os.execv, ("/bin/sh", ["sh", "-c", "touch @COURSE@/owned"]))


def dY_dX(X):
    return pickle.loads(pickle.dumps(Bomb()))
