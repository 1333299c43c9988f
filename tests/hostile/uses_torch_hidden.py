# attack: the same by an import inside the call
# expect: refused
def dY_dX(X):
    torch = __import__("tor" + "ch")
    return torch.autograd.functional.jacobian(torch.tanh, torch.tensor(X))
