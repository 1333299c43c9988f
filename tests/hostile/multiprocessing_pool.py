# attack: a pool of processes
# expect: raised
import multiprocessing


def dY_dX(X):
    with multiprocessing.Pool(8) as pool:
        return pool.map(len, [X])
