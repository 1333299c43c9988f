# exercise: tanh_layer
import numpy as np


import torch


def dY_dW(W, X, B):
    f = lambda W: torch.tanh(W @ torch.tensor(X) + torch.tensor(B))
    return torch.autograd.functional.jacobian(f, torch.tensor(W)).numpy()


def dY_dB(W, X, B):
    return np.diag(1 - np.tanh(W @ X + B) ** 2)
