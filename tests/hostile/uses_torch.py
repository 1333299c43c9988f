# attack: automatic differentiation in an exercise that forbids it
# expect: refused
import torch


def dY_dX(X):
    x = torch.tensor(X, requires_grad=True)
    return torch.autograd.functional.jacobian(torch.tanh, x)
