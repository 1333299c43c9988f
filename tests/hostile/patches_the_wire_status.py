# attack: sends the status `ungraded` or `correct` for an answer
# expect: killed|raised|wrong_type
from grader.outcome import Status
from grader.sandbox import protocol

protocol._STATUSES = (Status.RAISED,) * 50 + (None,)


def dY_dX(X):
    return None
