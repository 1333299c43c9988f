# attack: prints without end
# expect: killed|timed_out
def dY_dX(X):
    while True:
        print("x" * 10**6)
