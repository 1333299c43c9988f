# attack: a view of terabytes
# expect: wrong_type
import torch


def dY_dX(X):
    return torch.zeros(1).expand(10**6, 10**6)
