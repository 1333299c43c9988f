# attack: makes Python's own functions lie
# expect: wrong_value|raised|killed|wrong_type
import builtins

builtins.abs = lambda *_: 0.0
builtins.max = builtins.min = lambda *_, **__: 0.0
builtins.len = lambda *_: 3
builtins.all = builtins.any = lambda *_: True
builtins.isinstance = lambda *_: True


def dY_dX(X):
    import numpy as np

    return np.zeros(X.shape * 2)
