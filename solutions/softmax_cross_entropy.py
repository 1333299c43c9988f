"""-log P_it = log Σ_k exp S_ik - S_it, so ∂L/∂S_ic = (P_ic - δ_{c t_i}) / N."""

import numpy as np


def dL_dS(S, t):
    N = len(S)
    E = np.exp(S - S.max(axis=1, keepdims=True))
    G = E / E.sum(axis=1, keepdims=True)
    G[np.arange(N), t] -= 1
    return G / N
