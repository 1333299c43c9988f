# attack: a wrapper of torch.func that has left its transformation
# expect: raised|wrong_type|wrong_shape
import torch


def dY_dX(X):
    from torch.func import vmap, grad

    keep = []

    def g(x):
        keep.append(x)
        return x.sum()

    grad(g)(X)
    return keep[0]
