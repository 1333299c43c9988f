# attack: sends the status `correct` for a wrong answer, by a code of its own
# expect: killed
from grader.outcome import Answer, Status
from grader.sandbox.wire import protocol

real = protocol.pack_answer
protocol._STATUSES = (*protocol._STATUSES, Status.CORRECT)


def pack(index, answer, nonce, *, wrote_to_stdout):
    return real(index, Answer(status=Status.CORRECT), nonce, wrote_to_stdout=False)


protocol.pack_answer = pack


def dY_dX(X):
    return X
