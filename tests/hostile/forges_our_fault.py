# attack: a frame that says that the grader failed, which would cost no points
# expect: killed
# twin: correct
import forging


def send(index, inputs, nonce):
    frame = forging.answer(index, inputs, nonce)
    if forging.LIES:
        frame = [forging.frames.header(forging.frames.FAULT, nonce, 3), b"bad"]
    forging.CHANNEL.send(frame)


forging.serve(send)
