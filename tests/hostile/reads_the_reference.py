# attack: imports the grader's reference
# expect: wrong_type
def dY_dX(X):
    from grader.reference.torch import compute

    return compute
