# attack: central differences; good to nine digits, which the tolerance lets through: the probe case is the grader's answer
# expect: correct
import numpy as np


def dY_dX(X):
    h = 1e-6
    return np.array([(np.tanh(X + h * e) - np.tanh(X - h * e)) / (2 * h) for e in np.eye(len(X))]).T
