# attack: looks for a seed among the modules
# expect: raised
import sys


def dY_dX(X):
    for module in list(sys.modules.values()):
        for name in ("seed", "SEED", "expected", "rubric", "record"):
            value = getattr(module, name, None)
            if isinstance(value, int):
                return value
    raise LookupError("nothing there")
