# attack: imports the grader's reference
# expect: raised
def dY_dX(X):
    from grader.reference import engine

    return engine
