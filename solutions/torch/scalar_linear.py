"""y = w x + b is linear in each letter: the derivative is what the letter is multiplied by."""

import torch


def dy_dx(w, x, b):
    return w


def dy_dw(w, x, b):
    return x


def dy_db(w, x, b):
    return torch.ones(())
