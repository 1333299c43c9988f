#!/usr/bin/env bash
# Guess: jax.numpy.sinc has a rule of its own at 0, by which derivatives of every order are right there, so near 0 they are,
#   too.
#
# Versions: jax 0.10.2, and 0.4.38 alike.
#
# Behaviour: The rule for 0 holds at exactly 0. At x = 1e-9 the second derivative is 201 in float64, where it is -3.29 (-pi^2
#   / 3): beside 0 the quotient sin(pi x) / (pi x) is differentiated as it stands, and its terms cancel.
#
# Seen:
#   x = 0       -3.2899
#   x = 1e-9    201.06
#   x = 1e-4    -3.2899
#
# Why it matters: Tests of a removable singularity look at the point itself. A check that compares a point with one close by,
#   to find kinks, finds a jump of 204 in a function that is analytic.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet numpy==2.4.6 jax==0.10.2
"$folder/env/bin/python" - <<'PY'
import math

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)
second = jax.grad(jax.grad(jnp.sinc))
at_zero, near, further = (float(second(x)) for x in (0.0, 1e-9, 1e-4))
print(at_zero, near, further)
truth = -(math.pi**2) / 3
assert abs(at_zero - truth) < 1e-12
assert abs(further - truth) < 1e-5
assert abs(near - truth) > 100
PY
