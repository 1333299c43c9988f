# attack: HIPS autograd
# expect: refused
import autograd.numpy as anp
from autograd import jacobian


def dY_dX(X):
    return jacobian(anp.tanh)(X)
