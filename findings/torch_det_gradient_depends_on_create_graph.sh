#!/usr/bin/env bash
# Guess: The determinant is a polynomial, so its gradient, the cofactors, is right at a singular matrix too, and create_graph
#   only says whether a second derivative may follow.
#
# Versions: torch 2.13.0 (2.14.1 does the same).
#
# Behaviour: Where the LU factors have an exact zero on the diagonal, the backward pass returns zeros. With create_graph=True
#   it takes another path and returns the cofactors, as torch.func.grad does. So two ways to ask torch for one gradient differ
#   without a warning.
#
# Seen:
#   backward()                     [[0, 0], [0, 0]]
#   backward(create_graph=True)    [[4, -2], [-2, 1]]
#   torch.func.grad                [[4, -2], [-2, 1]]
#
# Why it matters: Matrices of small whole numbers, as exercises and tests have them, are singular often. Who takes backward()
#   for the truth calls the right cofactors wrong, and a check by a second derivative, or by torch.func, is of another code
#   path than the one that trains.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet numpy==2.4.6 torch==2.13.0
"$folder/env/bin/python" - <<'PY'
import torch

matrix = torch.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=torch.float64)
cofactors = torch.tensor([[4.0, -2.0], [-2.0, 1.0]], dtype=torch.float64)


def gradient(create_graph):
    leaf = matrix.clone().requires_grad_()
    return torch.autograd.grad(torch.linalg.det(leaf), leaf, create_graph=create_graph)[0].detach()


plain, with_graph, functional = gradient(False), gradient(True), torch.func.grad(torch.linalg.det)(matrix)
print(plain.tolist(), with_graph.tolist(), functional.tolist(), sep="\n")
assert not plain.any()
assert torch.allclose(with_graph, cofactors)
assert torch.allclose(functional, cofactors)
PY
