# attack: a temporary file for the next submission to find
# expect: raised
import tempfile


def dY_dX(X):
    return tempfile.mkstemp()
