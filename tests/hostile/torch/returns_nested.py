# attack: a nested tensor
# expect: raised|wrong_type
import torch


def dY_dX(X):
    return torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])
