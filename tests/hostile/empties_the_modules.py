# attack: takes every module and finder away
# expect: wrong_value|killed|raised
import sys


def dY_dX(X):
    sys.meta_path.clear()
    sys.path_hooks.clear()
    sys.path_importer_cache.clear()
    for name in list(sys.modules):
        del sys.modules[name]
    return X[:, None] * X
