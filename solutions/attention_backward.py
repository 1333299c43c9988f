"""dV = Aᵀ dO, dA = dO Vᵀ, dS = A (dA - Σ_k A dA) row by row, dQ = dS K / √d, dK = dSᵀ Q / √d."""

import numpy as np


def attention_backward(dO, Q, K, V):
    scale = 1 / np.sqrt(Q.shape[1])
    S = Q @ K.T * scale
    E = np.exp(S - S.max(axis=1, keepdims=True))
    A = E / E.sum(axis=1, keepdims=True)
    dA = dO @ V.T
    dS = A * (dA - (A * dA).sum(axis=1, keepdims=True))
    return dS @ K * scale, dS.T @ Q * scale, A.T @ dO
