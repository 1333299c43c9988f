# attack: an audit hook that raises for everything
# expect: raised|killed|wrong_value|wrong_shape
import sys


def hook(event, arguments):
    raise SystemExit


sys.addaudithook(hook)


def dY_dX(X):
    return X
