# attack: threads until the machine stops
# expect: raised
import threading


def dY_dX(X):
    while True:
        threading.Thread(target=threading.Event().wait).start()
