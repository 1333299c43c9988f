# attack: the word correct
# expect: wrong_type
def dY_dX(X):
    return "correct"
