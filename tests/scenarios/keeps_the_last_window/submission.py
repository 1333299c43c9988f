# exercise: conv1d_backward
import numpy as np


def conv_backward(dout, cache):
    x, w, b = cache
    K, P = w.shape[2], dout.shape[2]
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)
    for n in range(len(x)):
        for f in range(len(w)):
            for p in range(P):
                dw[f] = dout[n, f, p] * x[n, :, p : p + K]
                dx[n, :, p : p + K] = dout[n, f, p] * w[f]
                db[f] = dout[n, f, p]
    return dx, dw, db
