# attack: makes the child's own code send what it likes
# expect: wrong_value|killed
import numpy as np

from grader.outcome import Answer, Status
from grader.sandbox import calling, protocol

real = protocol.pack_answer


def pack(index, answer, nonce, *, wrote_to_stdout):
    return real(index, Answer(status=None, items=(np.zeros((3, 3)),)), nonce, wrote_to_stdout=False)


protocol.pack_answer = pack
protocol._STATUSES = (Status.CORRECT,) * 300


def dY_dX(X):
    return X
