#!/usr/bin/env bash
# Guess: x ** 2.0 is x ** 2: the kind of number in the exponent does not matter to a derivative at 0.
#
# Versions: algopy 0.7.2.
#
# Behaviour: The first derivative of x ** 2.0, and even of x ** 1.0, is NaN at x = 0; of x ** 2 and x ** 1 it is right. A
#   float exponent goes by the recurrence of Taylor coefficients, which divides by x. JAX keeps the first derivative and loses
#   the second: of x ** 1.0 it is NaN.
#
# Seen:
#   algopy    x ** 2: 0    x ** 2.0: nan    x ** 1: 1    x ** 1.0: nan
#   jax       x ** 1: first 1, second 0     x ** 1.0: first 1, second nan
#
# Why it matters: Exponents come out of arrays and files as floats, and 0 is the commonest input of all. The value is right,
#   so only the derivative tells.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet numpy==2.4.6 scipy==1.17.1 algopy==0.7.2 jax==0.10.2
"$folder/env/bin/python" - <<'PY'
import math

import algopy
import jax

jax.config.update("jax_enable_x64", True)


def slope(exponent):
    x = algopy.UTPM.init_jacobian([0.0])
    return float(algopy.UTPM.extract_jacobian(x[0] ** exponent)[0])


def twice(exponent):
    first = jax.grad(lambda x: x**exponent)
    return float(first(0.0)), float(jax.grad(first)(0.0))


print([slope(exponent) for exponent in (2, 2.0, 1, 1.0)], twice(1), twice(1.0))
assert slope(2) == 0 and slope(1) == 1
assert math.isnan(slope(2.0)) and math.isnan(slope(1.0))
assert twice(1) == (1, 0)
assert twice(1.0)[0] == 1 and math.isnan(twice(1.0)[1])
PY
