#!/usr/bin/env bash
# Guess: binary_cross_entropy caps log at -100, as the page of BCELoss says, so below a loss of 100 value and gradient are
#   exact, and at the cap the slope is 0.
#
# Versions: torch 2.13.0.
#
# Behaviour: The backward pass has a floor of its own, 1e-12 under p (1 - p). For p = sigmoid(-30) in float64 the loss is 30,
#   exact, and the gradient by the logit is -0.0936; it is -1. At p = 0 the loss stands at its cap, 100, and the gradient by p
#   is -1e12.
#
# Seen:
#   z = -20    loss 20.0    gradient by z  -0.9995
#   z = -28    loss 28.0    gradient by z  -0.6914
#   z = -30    loss 30.0    gradient by z  -0.0936
#   p = 0      loss 100     gradient by p  -1e12
#
# Why it matters: The worst mistakes of a classifier, which should pull hardest, pull at a tenth. Against central differences
#   the gradient of right code is off by ten times, though nothing in value or documentation is near a limit.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet numpy==2.4.6 torch==2.13.0
"$folder/env/bin/python" - <<'PY'
import torch
from torch.nn.functional import binary_cross_entropy

one = torch.ones((), dtype=torch.float64)


def gradient_by_logit(logit):
    z = torch.tensor(logit, dtype=torch.float64, requires_grad=True)
    loss = binary_cross_entropy(torch.sigmoid(z), one)
    return loss.item(), torch.autograd.grad(loss, z)[0].item()


for logit in (-20.0, -28.0, -30.0):
    print(logit, *gradient_by_logit(logit))
loss, slope = gradient_by_logit(-30.0)
assert abs(loss - 30) < 1e-9
assert -0.1 < slope < -0.09
assert -1 < gradient_by_logit(-20.0)[1] < -0.99
p = torch.zeros((), dtype=torch.float64, requires_grad=True)
capped = binary_cross_entropy(p, one)
(at_cap,) = torch.autograd.grad(capped, p)
print(capped.item(), at_cap.item())
assert capped.item() == 100
assert at_cap.item() < -9e11
PY
