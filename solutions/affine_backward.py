"""dx_id = Σ_j dout_ij w_dj, dw_dj = Σ_i x_id dout_ij, db_j = Σ_i dout_ij."""


def affine_backward(dout, cache):
    x, w, _ = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)
