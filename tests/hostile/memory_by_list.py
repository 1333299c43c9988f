# attack: a list without end
# expect: out_of_memory|timed_out
def dY_dX(X):
    hoard = []
    while True:
        hoard.append(bytes(10**6))
