# attack: a frame that says that the grader failed, which would cost no points
# expect: killed
# twin: correct
import forging


def send(index, inputs, nonce):
    frame = forging.with_body(forging.answer(index, inputs, nonce), lambda body: body)
    kind = forging.frames.FAULT if forging.LIES else forging.frames.ANSWER
    forging.CHANNEL.send([forging.frames.header(kind, nonce, len(frame[1])), frame[1]])


forging.serve(send)
