#!/usr/bin/env bash
# Guess: -inf is the zero of log space: masks and first rows of dynamic programs hold it. logsumexp treats it well, so
#   logcumsumexp, whose last entry is the same number, does too.
#
# Versions: torch 2.13.0.
#
# Behaviour: With -inf in the first place the gradient of the last entry of logcumsumexp is NaN there in reverse mode and 0 in
#   forward mode. The value is right, logsumexp's gradient is right, and with -inf in a later place all is right.
#
# Seen:
#   logsumexp(-inf, 1, 2)            reverse [0, 0.2689, 0.7311]
#   logcumsumexp(-inf, 1, 2)[-1]     reverse [nan, 0.2689, 0.7311]    forward [0, 0.2689, 0.7311]
#   logcumsumexp(1, -inf, 2)[-1]     reverse [0.2689, 0, 0.7311]
#
# Why it matters: One masked first entry makes every parameter behind it NaN in training, while evaluation and forward mode
#   look sound; tests put the mask at the end.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet numpy==2.4.6 torch==2.13.0
"$folder/env/bin/python" - <<'PY'
import torch


def gradients(function, *entries):
    at = torch.tensor(entries, dtype=torch.float64)
    leaf = at.clone().requires_grad_()
    return torch.autograd.grad(function(leaf), leaf)[0], torch.func.jacfwd(function)(at)


def last(x):
    return torch.logcumsumexp(x, 0)[-1]


minus = float("-inf")
whole, _ = gradients(lambda x: torch.logsumexp(x, 0), minus, 1.0, 2.0)
reverse, forward = gradients(last, minus, 1.0, 2.0)
middle, _ = gradients(last, 1.0, minus, 2.0)
print(whole.tolist(), reverse.tolist(), forward.tolist(), middle.tolist(), sep="\n")
assert whole[0] == 0
assert reverse[0].isnan() and not reverse[1:].isnan().any()
assert forward[0] == 0 and torch.allclose(forward, whole)
assert middle[1] == 0 and not middle.isnan().any()
PY
