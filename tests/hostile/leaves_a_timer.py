# attack: a signal that fires in the grader's own code
# expect: raised
import signal


def dY_dX(X):
    signal.signal(signal.SIGALRM, lambda *_: 1 / 0)
    signal.setitimer(signal.ITIMER_REAL, 1e-4, 1e-4)
    return X
