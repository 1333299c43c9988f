"""∂L/∂w_d = (2/N) Σ_i r_i X_id and ∂L/∂b = (2/N) Σ_i r_i."""


def mse_gradient(X, y, w, b):
    r = X @ w + b - y
    return 2 * X.T @ r / len(y), 2 * r.mean()
