# attack: asks for eight threads, which innocent files do, too
# expect: correct
import torch

torch.set_num_threads(8)
torch.set_num_interop_threads(2)


def dY_dX(X):
    torch.set_num_threads(4)
    large = torch.ones(1000, 1000)
    assert (large @ large).sum() == 1000**3
    return torch.diag(1 - torch.tanh(X) ** 2)
