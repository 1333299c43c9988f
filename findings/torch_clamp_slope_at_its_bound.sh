#!/usr/bin/env bash
# Guess: The slope of clamp at its bound is one number: 1 or 0, the same for a bound given as a number or as a tensor, in
#   every mode and version.
#
# Versions: torch 2.13.0 and 2.14.1.
#
# Behaviour: In 2.13.0 reverse mode says 1 for both kinds of bound, but forward mode says 0 for a bound that is a tensor. In
#   2.14.1 it is 0 for a number and 0.5 for a tensor, in both modes.
#
# Seen:
#   2.13.0   number: reverse 1, forward 1     tensor: reverse 1, forward 0
#   2.14.1   number: reverse 0, forward 0     tensor: reverse 0.5, forward 0.5
#
# Why it matters: Inputs that are whole numbers meet a bound such as 0 or 1 exactly. A stored key or golden file made with one
#   release is wrong with the next, and comparing the two modes finds a difference that no formula explains.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for version in 2.13.0 2.14.1; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/python" -m pip install --quiet numpy==2.4.6 "torch==$version"
    "$folder/$version/bin/python" - "$version" <<'PY'
import sys

import torch

at = torch.tensor(0.0, dtype=torch.float64)
bound = torch.tensor(0.0, dtype=torch.float64)
seen = []
for function in (lambda x: torch.clamp(x, min=0.0), lambda x: torch.clamp(x, min=bound)):
    leaf = at.clone().requires_grad_()
    seen.append(torch.autograd.grad(function(leaf), leaf)[0].item())
    seen.append(torch.func.jacfwd(function)(at).item())
print(sys.argv[1], seen)
assert seen == {"2.13.0": [1, 1, 1, 0], "2.14.1": [0, 0, 0.5, 0.5]}[sys.argv[1]]
PY
    rm -rf "${folder:?}/$version"
done
