# attack: a destructor that runs when the grader lets go of the answer
# expect: timed_out
class Trap:
    def __del__(self):
        while True:
            pass


def dY_dX(X):
    return Trap()
