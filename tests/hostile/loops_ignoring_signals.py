# attack: ignores every signal that can be ignored, then loops
# expect: timed_out
import signal

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass


def dY_dX(X):
    while True:
        pass
