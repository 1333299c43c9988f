#!/usr/bin/env bash
# Guess: hypot(x, y), norm([x, y]) and abs(x + iy) are one function, so in one package their derivatives at the origin are one
#   convention.
#
# Versions: jax 0.10.2 (abs and hypot in 0.4.38 alike).
#
# Behaviour: The gradient at the origin is (0.5, 0.5) for hypot, NaN for linalg.norm and (0, 0) for the absolute value of a
#   complex number. The absolute value of a real number has slope 1 at 0, not 0, so the norm of order 1 has the gradient (1,
#   1) there. torch says NaN, 0, 0, 0 and 0.
#
# Seen:
#   jnp.hypot(x, y)            (0.5, 0.5)
#   jnp.linalg.norm((x, y))    (nan, nan)
#   jnp.abs(x + iy)            (0, 0)
#   jnp.abs(x)                 1
#   norm of order 1            (1, 1)
#
# Why it matters: Weights that start at 0, or that a Lasso penalty has brought there, are pushed to one side by the slope 1
#   and are left alone by torch; rewriting a length in another spelling changes whether training begins with NaN.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet numpy==2.4.6 jax==0.10.2 torch==2.13.0
"$folder/env/bin/python" - <<'PY'
import jax
import jax.numpy as jnp
import numpy as np
import torch

jax.config.update("jax_enable_x64", True)
FUNCTIONS = {
    "hypot": (lambda v: jnp.hypot(v[0], v[1]), lambda v: torch.hypot(v[0], v[1])),
    "norm": (jnp.linalg.norm, torch.linalg.norm),
    "abs of complex": (lambda v: jnp.abs(v[0] + 1j * v[1]), lambda v: torch.abs(v[0] + 1j * v[1])),
    "abs": (lambda v: jnp.abs(v[0]), lambda v: torch.abs(v[0])),
    "norm of order 1": (lambda v: jnp.linalg.norm(v, ord=1), lambda v: torch.linalg.norm(v, ord=1)),
}
SEEN = {
    "hypot": ([0.5, 0.5], [np.nan, np.nan]),
    "norm": ([np.nan, np.nan], [0, 0]),
    "abs of complex": ([0, 0], [0, 0]),
    "abs": ([1, 0], [0, 0]),
    "norm of order 1": ([1, 1], [0, 0]),
}
for name, (by_jax, by_torch) in FUNCTIONS.items():
    leaf = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    found = np.asarray(jax.grad(by_jax)(jnp.zeros(2))), torch.autograd.grad(by_torch(leaf), leaf)[0].numpy()
    print(name, *(gradient.tolist() for gradient in found))
    for gradient, seen in zip(found, SEEN[name], strict=True):
        np.testing.assert_array_equal(gradient, seen)
PY
