# attack: restores Python's own import to reach torch on the disk
# expect: raised
import sys

for finder in list(sys.meta_path):
    if type(finder).__name__ == "Finder":
        sys.meta_path.remove(finder)
sys.modules.pop("torch", None)


def dY_dX(X):
    import torch

    return torch.tanh(X)
