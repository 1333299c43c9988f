# attack: a sparse tensor of wrong numbers
# expect: wrong_type
import torch


def dY_dX(X):
    return torch.eye(len(X)).to_sparse()
