# attack: True for an answer
# expect: wrong_shape
def dY_dX(X):
    return True
