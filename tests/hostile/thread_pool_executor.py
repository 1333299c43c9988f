# attack: threads by a pool
# expect: raised
import concurrent.futures


def dY_dX(X):
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        return list(pool.map(len, [X] * 64))[0]
