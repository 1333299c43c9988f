"""∂f/∂x_k = Σ_j A_kj x_j + Σ_i x_i A_ik + Σ_j M_kj y_j, and once more by x_l and y_l."""


def gradient(A, M, x, y):
    return (A + A.T) @ x + M @ y


def hessian(A, M, x, y):
    return A + A.T, M
