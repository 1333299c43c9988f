# attack: catches every exception and goes on
# expect: timed_out
def dY_dX(X):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
