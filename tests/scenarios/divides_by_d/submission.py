# exercise: attention_backward
import numpy as np


def attention_backward(dO, Q, K, V):
    d = Q.shape[1]
    S = Q @ K.T / d
    E = np.exp(S - S.max(axis=1, keepdims=True))
    A = E / E.sum(axis=1, keepdims=True)
    dA = dO @ V.T
    dS = A * (dA - (A * dA).sum(axis=1, keepdims=True)) / d
    return dS @ K, dS.T @ Q, A.T @ dO
