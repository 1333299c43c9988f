# attack: waits for input that never comes
# expect: raised
def dY_dX(X):
    return input("the answer, please: ")
