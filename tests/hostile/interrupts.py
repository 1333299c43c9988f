# attack: KeyboardInterrupt, to be taken for the instructor's Ctrl-C
# expect: raised
def dY_dX(X):
    raise KeyboardInterrupt
