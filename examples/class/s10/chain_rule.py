import torch


def dz_dy(x):
    z = torch.tanh(torch.tanh(x))
    answer = 1 - z**2


def dy_dx(x):
    return 1 - torch.tanh(x) ** 2


def dz_dx(x):
    raise NotImplementedError
