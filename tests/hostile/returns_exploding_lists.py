# attack: ten levels of shared lists that expand to 10**20 numbers
# expect: timed_out|out_of_memory|wrong_type
def dY_dX(X):
    level = [0.0] * 100
    for _ in range(9):
        level = [level] * 100
    return level
