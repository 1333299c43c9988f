# exercise: tanh_layer
import numpy as np


def dY_dW(W, X, B):
    Y = np.tanh(W @ X + B)
    return np.einsum("ki,k,j->kij", np.eye(len(Y)), 1 - Y**2, X)


def dY_dB(W, X, B):
    return np.zeros((len(B), len(B)))
