# attack: SIGTERM to itself by raise
# expect: raised|killed
import signal


def dY_dX(X):
    signal.raise_signal(signal.SIGTERM)
    raise PermissionError
