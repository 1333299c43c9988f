# attack: maps a file into a tensor
# expect: raised
import torch


def dY_dX(X):
    return torch.from_file("/etc/passwd", size=10, dtype=torch.uint8)
