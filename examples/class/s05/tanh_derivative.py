def dY_dx(x):
    return 1 - x**2
