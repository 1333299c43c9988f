#!/usr/bin/env bash
# Guess: CasADi's two kinds of symbols, SX and MX, differ in speed and memory, not in results.
#
# Versions: casadi 3.8.2.
#
# Behaviour: The gradient of det at a singular matrix is the cofactors with SX, which writes the determinant out as products,
#   and an error, `Evaluation failed`, with MX, whose derivative holds the inverse. At regular matrices they agree.
#
# Seen:
#   [[0, 2], [3, 4]]    SX [[4, -3], [-2, 0]]    MX [[4, -3], [-2, 0]]
#   [[1, 2], [2, 4]]    SX [[4, -2], [-2, 1]]    MX raises RuntimeError
#
# Why it matters: Models are drafted in SX and moved to MX as they grow, or are wrapped so that a function of SX is called
#   from MX; then a point that was ordinary stops the solver. As a second opinion for a gradient MX fails where one is needed
#   most.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet numpy==2.4.6 casadi==3.8.2
"$folder/env/bin/python" - <<'PY'
import casadi
import numpy as np


def gradient(kind, at):
    symbol = kind.sym("a", 2, 2)
    found = casadi.gradient(casadi.det(symbol), symbol)
    return np.asarray(casadi.Function("g", [symbol], [found])(np.array(at)))


regular, singular = [[0.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [2.0, 4.0]]
assert np.allclose(gradient(casadi.SX, regular), [[4, -3], [-2, 0]])
assert np.allclose(gradient(casadi.MX, regular), [[4, -3], [-2, 0]])
assert np.allclose(gradient(casadi.SX, singular), [[4, -2], [-2, 1]])
try:
    found = gradient(casadi.MX, singular)
except RuntimeError as error:
    print("MX:", str(error).splitlines()[-1])
else:
    raise SystemExit(f"MX now returns {found.tolist()}")
PY
