# attack: a tensor whose storage was taken away
# expect: wrong_shape|raised|killed
import torch


def dY_dX(X):
    t = torch.zeros(4)
    t.untyped_storage().resize_(0)
    return t
