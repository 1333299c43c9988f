"""Output p joins w_k with x_{p+k}: dw_k sums dout_p x_{p+k} over p, and x_{p+k} receives w_k dout_p from every k."""

import numpy as np


def conv_backward(dout, cache):
    x, w, _ = cache
    K, P = w.shape[2], dout.shape[2]
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for k in range(K):
        dw[:, :, k] = np.einsum("nfp,ncp->fc", dout, x[:, :, k : k + P])
        dx[:, :, k : k + P] += np.einsum("nfp,fc->ncp", dout, w[:, :, k])
    return dx, dw, dout.sum(axis=(0, 2))
