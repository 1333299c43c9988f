# attack: opens the gradebook
# expect: raised
def dY_dX(X):
    return open("@COURSE@/gradebook.db").read()
