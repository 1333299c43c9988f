# attack: a handler for its own crash that loops
# expect: timed_out|killed
import faulthandler
import signal

faulthandler.disable()


def again(*_):
    while True:
        pass


signal.signal(signal.SIGSEGV, again)


def dY_dX(X):
    faulthandler._sigsegv()
