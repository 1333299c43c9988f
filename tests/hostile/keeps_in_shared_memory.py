# attack: shared memory for the next submission to find
# expect: raised
from multiprocessing import shared_memory


def dY_dX(X):
    return shared_memory.SharedMemory("answers", create=True, size=1000)
