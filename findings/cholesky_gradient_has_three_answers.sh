#!/usr/bin/env bash
# Guess: Forward mode and reverse mode return the same Jacobian, and packages agree about the gradient of the Cholesky factor
#   of a symmetric matrix.
#
# Versions: torch 2.13.0, pytensor 3.0.7.
#
# Behaviour: Of sum(L), L L^T = A, torch's reverse mode returns a symmetric gradient, as if both triangles had been read.
#   torch's forward mode returns a matrix that is not symmetric. pytensor returns one that is zero above the diagonal, which
#   is the gradient of what the code does: it reads the lower triangle. All three agree about symmetric changes of A.
#
# Seen:
#   torch, reverse    [[0.2788, 0.1494], [0.1494, 0.4082]]
#   torch, forward    [[0.2788, -0.2041], [0.5030, 0.4082]]
#   pytensor          [[0.2788, 0], [0.2989, 0.4082]]
#
# Why it matters: Entries off the diagonal are compared one by one in a test or a graded exercise, and each of the three is
#   right by its own reading. Only the sum of the two entries (i, j) and (j, i) means the same in all of them; gradcheck fails
#   unless the matrix is made symmetric inside the function.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet numpy==2.4.6 torch==2.13.0 pytensor==3.0.7
"$folder/env/bin/python" - <<'PY'
import numpy as np
import pytensor
import pytensor.tensor as pt
import torch

pytensor.config.cxx = ""  # no compiler is needed
at = np.array([[2.0, 1.0], [1.0, 2.0]])


def function(a):
    return torch.linalg.cholesky(a).sum()


reverse = torch.func.grad(function)(torch.tensor(at)).numpy()
forward = torch.func.jacfwd(function)(torch.tensor(at)).numpy()
symbol = pt.matrix("a", dtype="float64")
gradient = pytensor.grad(pt.linalg.cholesky(symbol).sum(), symbol)
lower = pytensor.function([symbol], gradient, mode="FAST_COMPILE")(at)
print(reverse.tolist(), forward.tolist(), lower.tolist(), sep="\n")
assert np.isclose(reverse[0, 1], reverse[1, 0])
assert forward[0, 1] < 0 < forward[1, 0]
assert lower[0, 1] == 0 < lower[1, 0]
for found in (forward, lower):
    assert np.allclose(found + found.T, reverse + reverse.T)
PY
