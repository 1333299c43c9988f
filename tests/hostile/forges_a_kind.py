# attack: what loading came to, sent as an answer: the grader waits for another kind of frame
# expect: killed
# twin: correct
import forging


def first():
    frame = forging.with_body(forging.loaded(), lambda body: body)
    kind = forging.frames.ANSWER if forging.LIES else forging.frames.LOADED
    return [forging.frames.header(kind, forging.orders_nonce(), len(frame[1])), frame[1]]


forging.serve(first=first)
