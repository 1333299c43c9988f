# attack: compiles C++
# expect: raised
import torch.utils.cpp_extension as c


def dY_dX(X):
    return c.load_inline("x", "int f(){return 1;}")
