# attack: downloads a model by torch.hub
# expect: raised
import torch


def dY_dX(X):
    return torch.hub.load("pytorch/vision", "resnet18")
