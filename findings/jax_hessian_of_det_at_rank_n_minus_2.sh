#!/usr/bin/env bash
# Guess: jax.numpy.linalg.det has a rule of its own for singular matrices (its gradient is right where torch's is not), so its
#   Hessian is right there, too, or NaN.
#
# Versions: jax 0.10.2.
#
# Behaviour: For matrices of 4 rows and more whose rank is two less than full, jax.hessian returns finite numbers that are
#   wrong, without a warning: det(diag(1, 2, s, t)) is 2 s t, but its mixed second derivative at s = t = 0 comes out as 0. At
#   3 rows the same is right.
#
# Seen:
#   det(diag(1, s, t))       [[0, 1], [1, 0]]    right
#   det(diag(1, 2, s, t))    [[0, 0], [0, 0]]    the truth is [[0, 2], [2, 0]]
#
# Why it matters: A Hessian that is checked at 2 by 2 and 3 by 3 is wrong at 4 by 4, and nothing is NaN. Written out as a sum
#   of products it is right, so two formulas of one polynomial disagree.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet numpy==2.4.6 jax==0.10.2
"$folder/env/bin/python" - <<'PY'
import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)


def hessian(*before):
    def function(x):
        return jnp.linalg.det(jnp.diag(jnp.concatenate([jnp.array(before, dtype=float), x])))

    return jax.hessian(function)(jnp.zeros(2)).tolist()


three, four, product = hessian(1.0), hessian(1.0, 2.0), jax.hessian(lambda x: 2 * x[0] * x[1])(jnp.zeros(2)).tolist()
print(three, four, product, sep="\n")
assert three == [[0, 1], [1, 0]]
assert four == [[0, 0], [0, 0]]
assert product == [[0, 2], [2, 0]]
PY
