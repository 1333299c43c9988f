import torch


def dY_dX(W, X, B):
    return W.T


def dY_dW(W, X, B):
    return torch.kron(torch.eye(len(B)), X)


def dY_dB(W, X, B):
    return torch.eye(len(B))
