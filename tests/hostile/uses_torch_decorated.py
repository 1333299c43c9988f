# attack: a decorator of torch's, so that the function is torch's own
# expect: correct
import numpy as np
import torch


@torch.no_grad()
def dY_dX(X):
    return np.diag(1 - np.tanh(X) ** 2)
