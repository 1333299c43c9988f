#!/usr/bin/env bash
# Guess: norm(x) ** 2 is the sum of squares and std(x) ** 2 the variance, so their Hessians are right everywhere once the
#   first derivative at 0 comes out finite, which it does.
#
# Versions: torch 2.13.0 (2.14.1 does the same).
#
# Behaviour: At x = 0 the Hessian of norm(x) ** 2 is NaN by torch.autograd.functional.hessian (reverse over reverse) and zero
#   by torch.func.hessian (forward over reverse); it is 2 I. At equal entries the Hessian of std(x) ** 2 is zero in both; it
#   is [[0.5, -0.5], [-0.5, 0.5]] for two entries. The backward pass masks the 0/0 of the root by a zero, and that zero is
#   then differentiated.
#
# Seen:
#   norm(x) ** 2 at (0, 0)    autograd.functional.hessian: nan      func.hessian: [[0, 0], [0, 0]]
#   std(x) ** 2 at (1, 1)     [[0, 0], [0, 0]] from both
#   var(x) at (1, 1)          [[0.5, -0.5], [-0.5, 0.5]]
#
# Why it matters: A finite gradient looks like proof that the point is harmless. The zeros pass every check for NaN, and
#   agreeing modes are no second opinion here, because they share the mask.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet numpy==2.4.6 torch==2.13.0
"$folder/env/bin/python" - <<'PY'
import torch

zero = torch.zeros(2, dtype=torch.float64)
ones = torch.ones(2, dtype=torch.float64)


def hessians(function, at):
    return torch.autograd.functional.hessian(function, at), torch.func.hessian(function)(at)


norm = hessians(lambda x: torch.linalg.vector_norm(x) ** 2, zero)
std = hessians(lambda x: torch.std(x, correction=0) ** 2, ones)
var = hessians(lambda x: torch.var(x, correction=0), ones)
print(*(found.tolist() for found in (*norm, *std, *var)), sep="\n")
assert norm[0].isnan().all() and not norm[1].any()
assert not std[0].any() and not std[1].any()
truth = torch.tensor([[0.5, -0.5], [-0.5, 0.5]], dtype=torch.float64)
assert torch.allclose(var[0], truth) and torch.allclose(var[1], truth)
PY
