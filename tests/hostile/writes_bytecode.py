# attack: a .pyc beside the grader, to be loaded by the next one
# expect: raised
import os

import numpy


def dY_dX(X):
    folder = os.path.join(os.path.dirname(numpy.__file__), "__pycache__")
    with open(os.path.join(folder, "__init__.cpython-311.pyc"), "wb") as file:
        file.write(b"owned")
