import torch

print("hello from s09")

# exercise: tanh_derivative
def dY_dx(x):
    print("x =", x)
    return 1 - torch.tanh(x) ** 2

# exercise: chain_rule
def dz_dy(x):
    return 1 - torch.tanh(torch.tanh(x)) ** 2

def dy_dx(x):
    return 1 - torch.tanh(x) ** 2

def dz_dx(x):
    return dz_dy(x) * dy_dx(x)

# exercise: scalar_linear
def dy_dx(w, x, b):
    return w

def dy_dw(w, x, b):
    return x

def dy_db(w, x, b):
    return b

# exercise: linear_layer
def dY_dX(W, X, B):
    return W

def dY_dW(W, X, B):
    m, n = W.shape
    return torch.ones(m, m, 1) * X

def dY_dB(W, X, B):
    return torch.ones(len(B), len(B))

# exercise: tanh_layer
def dY_dW(W, X, B):
    Y = torch.tanh(W @ X + B)
    return torch.outer(1 - Y**2, X)

def dY_dB(W, X, B):
    Y = torch.tanh(W @ X + B)
    return torch.diag(1 - Y**2)
