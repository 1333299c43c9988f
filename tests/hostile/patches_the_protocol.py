# attack: makes the child's own code send what it likes
# expect: wrong_value
import numpy as np

from grader.sandbox.wire.answer import Answer
from grader.sandbox.wire import protocol

real = protocol.pack_answer


def pack(index, answer, nonce, *, wrote_to_stdout):
    size = len(answer.items[0])
    return real(index, Answer(items=(np.zeros((size, size)),)), nonce, wrote_to_stdout=False)


protocol.pack_answer = pack


def dY_dX(X):
    return X
