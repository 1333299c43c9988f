# attack: a store of torch.distributed listens on a port
# expect: raised
import torch.distributed as d


def dY_dX(X):
    d.init_process_group("gloo", init_method="tcp://127.0.0.1:5555", rank=0, world_size=1)
