"""da = (dc·g·i(1 − i), dc·c·f(1 − f), dh1·tanh(c1)·o(1 − o), dc·i(1 − g²)) with dc = dc1 + dh1·o·(1 − tanh²(c1))."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def lstm_cell_backward(dh1, dc1, inputs):
    x, h, c, Wx, Wh, b = inputs
    H = h.shape[1]
    a = x @ Wx + h @ Wh + b
    i, f, o = sigmoid(a[:, :H]), sigmoid(a[:, H : 2 * H]), sigmoid(a[:, 2 * H : 3 * H])
    g = np.tanh(a[:, 3 * H :])
    t = np.tanh(f * c + i * g)

    # c1 reaches the loss by itself and through h1
    dcell = dc1 + dh1 * o * (1 - t**2)
    da = np.concatenate(
        [
            dcell * g * i * (1 - i),
            dcell * c * f * (1 - f),
            dh1 * t * o * (1 - o),
            dcell * i * (1 - g**2),
        ],
        axis=1,
    )
    return da @ Wx.T, da @ Wh.T, dcell * f, x.T @ da, h.T @ da, da.sum(axis=0)
