# attack: says by a code of its own that the grader failed, which would cost no points
# expect: killed
from grader.sandbox.wire import protocol
from grader.sandbox.wire.answer import Answer, Failure, Reason

real = protocol.pack_answer
protocol.CALL_REASONS = (*protocol.CALL_REASONS, Reason.OUR_FAULT)


def pack(index, answer, nonce, *, wrote_to_stdout):
    return real(index, Answer(failure=Failure(reason=Reason.OUR_FAULT)), nonce, wrote_to_stdout=False)


protocol.pack_answer = pack


def dY_dX(X):
    return X
