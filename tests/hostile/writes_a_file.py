# attack: writes into the course
# expect: raised
def dY_dX(X):
    with open("@COURSE@/owned", "w") as file:
        file.write("400 of 4 points")
