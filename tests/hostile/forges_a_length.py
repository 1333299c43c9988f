# attack: a header that announces 2**60 bytes
# expect: killed
# twin: correct
import forging


def send(index, inputs, nonce):
    frame = forging.with_body(forging.answer(index, inputs, nonce), lambda body: body)
    length = 2**60 if forging.LIES else len(frame[1])
    forging.CHANNEL.send([forging.frames.header(forging.frames.ANSWER, nonce, length), frame[1]])


forging.serve(send)
