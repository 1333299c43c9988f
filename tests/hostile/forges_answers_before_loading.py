# attack: sends an answer where the grader waits to hear what loading came to
# expect: killed
# twin: correct
import forging


def first():
    if forging.LIES:
        return forging.answer(0, {"X": forging.np.ones(3)}, forging.orders_nonce())
    return forging.loaded()


forging.serve(first=first)
