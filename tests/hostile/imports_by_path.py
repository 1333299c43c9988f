# attack: loads a file from the disk as a module
# expect: raised
import importlib.util


def dY_dX(X):
    spec = importlib.util.spec_from_file_location("solution", "@COURSE@/solution.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.dY_dX(X)
