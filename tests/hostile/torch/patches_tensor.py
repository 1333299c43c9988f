# attack: patches the methods that an answer is read by
# expect: raised
import torch

torch.set_default_dtype(torch.float16)
torch.Tensor.detach = lambda s: 1 / 0
torch.Tensor.numpy = lambda s: 1 / 0


def dY_dX(X):
    return torch.diag(1 - torch.tanh(X) ** 2)
