# attack: spawns processes by torch.multiprocessing
# expect: raised
import torch.multiprocessing as mp


def dY_dX(X):
    mp.spawn(print, nprocs=2)
