# attack: KeyboardInterrupt while it is loaded
# expect: raised
raise KeyboardInterrupt


def dY_dX(X):
    return X
