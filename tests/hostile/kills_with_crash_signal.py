# attack: the signals that the filter lets through, sent to the parent
# expect: raised
import os


def dY_dX(X):
    for number in (4, 6, 7, 8, 11):
        try:
            os.kill(os.getppid(), number)
        except PermissionError:
            continue
        return "sent"
    raise PermissionError
