# attack: a subclass whose every operation exits
# expect: wrong_type|killed
import torch


class T(torch.Tensor):
    @classmethod
    def __torch_function__(cls, *a, **k):
        raise SystemExit


def dY_dX(X):
    return X.as_subclass(T)
