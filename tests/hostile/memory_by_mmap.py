# attack: anonymous maps instead of the heap
# expect: out_of_memory|raised|timed_out
import mmap


def dY_dX(X):
    maps = []
    while True:
        piece = mmap.mmap(-1, 64 << 20)
        piece[::4096] = b"x" * len(piece[::4096])
        maps.append(piece)
