#!/usr/bin/env bash
# Guess: A product of entries is a polynomial; a package that differentiates NumPy code returns its gradient at every point,
#   as it does for x[0] * x[1].
#
# Versions: autograd 1.9.1 (HIPS), pytensor 3.0.7.
#
# Behaviour: autograd's gradient of prod divides the product by each entry: with one zero among the entries that place is NaN,
#   where the derivative is the product of the others, and x[0] * x[1] gives it. pytensor's prod treats zeros, but its
#   cumprod, whose last entry is the same product, divides: NaN.
#
# Seen:
#   autograd    prod(0, 3): [nan, 0]    x[0] * x[1]: [3, 0]
#   pytensor    prod(0, 3): [3, 0]      cumprod(0, 3)[-1]: [nan, 0]
#
# Why it matters: Likelihoods, volumes and gates are products, and sparse inputs have zeros. NaN stands exactly where the
#   derivative is largest.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet numpy==2.4.6 autograd==1.9.1 pytensor==3.0.7
"$folder/env/bin/python" - <<'PY'
import autograd
import autograd.numpy as anp
import numpy as np
import pytensor
import pytensor.tensor as pt

pytensor.config.cxx = ""  # no compiler is needed
at = np.array([0.0, 3.0])


def by_pytensor(function):
    symbol = pt.vector("x", dtype="float64")
    gradient = pytensor.grad(function(symbol), symbol)
    return pytensor.function([symbol], gradient, mode="FAST_COMPILE")(at)


with np.errstate(all="ignore"):
    product, written = autograd.grad(anp.prod)(at), autograd.grad(lambda x: x[0] * x[1])(at)
    whole, running = by_pytensor(pt.prod), by_pytensor(lambda x: pt.cumprod(x)[-1])
print(product, written, whole, running)
np.testing.assert_array_equal(product, [np.nan, 0])
np.testing.assert_array_equal(written, [3, 0])
np.testing.assert_array_equal(whole, [3, 0])
assert np.isnan(running[0])
PY
