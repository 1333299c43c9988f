# attack: unpickles a file by torch.load
# expect: raised
import torch


def dY_dX(X):
    return torch.load("/etc/passwd")
