#!/usr/bin/env bash
# Guess: Repeated eigenvalues spoil the derivatives of eigenvectors; eigenvalues alone, in a symmetric sum such as
#   sum(eigvalsh(A) ** 2), which is the polynomial sum(A * A), are safe in every order, as their first derivative is.
#
# Versions: torch 2.13.0, jax 0.10.2.
#
# Behaviour: At the identity the gradient of sum(eigvalsh(A) ** 2) is right, 2 I, in both packages, and its Hessian is NaN in
#   every entry in both, because the gradient is written with the eigenvectors.
#
# Seen:
#   gradient at I    [[2, 0], [0, 2]] from both
#   Hessian at I     nan throughout, from both; of sum(A * A) it is 2 where an entry meets itself
#
# Why it matters: Penalties on spectra start at the identity, and a curvature there is the first thing that second-order
#   training asks for. That two packages agree on NaN does not mean that there is no derivative.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet numpy==2.4.6 torch==2.13.0 jax==0.10.2
"$folder/env/bin/python" - <<'PY'
import jax
import jax.numpy as jnp
import numpy as np
import torch

jax.config.update("jax_enable_x64", True)
at = torch.eye(2, dtype=torch.float64)


def by_torch(a):
    return (torch.linalg.eigvalsh(a) ** 2).sum()


def by_jax(a):
    return (jnp.linalg.eigvalsh(a) ** 2).sum()


first = torch.func.grad(by_torch)(at).numpy(), np.asarray(jax.grad(by_jax)(jnp.eye(2)))
second = torch.autograd.functional.hessian(by_torch, at).numpy(), np.asarray(jax.hessian(by_jax)(jnp.eye(2)))
plain = torch.autograd.functional.hessian(lambda a: (a * a).sum(), at)
print(*(found.tolist() for found in (*first, *second)), sep="\n")
assert all(np.allclose(found, 2 * np.eye(2)) for found in first)
assert all(np.isnan(found).all() for found in second)
assert torch.allclose(plain.reshape(4, 4), 2 * torch.eye(4, dtype=torch.float64))
PY
