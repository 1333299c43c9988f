# attack: puts its input into shared memory
# expect: raised
import torch


def dY_dX(X):
    return X.share_memory_()
