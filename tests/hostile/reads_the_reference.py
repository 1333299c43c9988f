# attack: imports the grader's reference
# expect: wrong_type
def dY_dX(X):
    from grader.reference import engine

    return engine
