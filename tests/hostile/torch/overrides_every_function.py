# attack: a mode that takes every function of torch over and never returns
# expect: timed_out
import torch
from torch.overrides import TorchFunctionMode


class M(TorchFunctionMode):
    def __torch_function__(self, f, t, a=(), k=None):
        while True:
            pass


M().__enter__()


def dY_dX(X):
    return X
