# attack: bytes behind the arrays of an answer, to be read as something else
# expect: killed
# twin: correct
import forging


def send(index, inputs, nonce):
    frame = forging.answer(index, inputs, nonce)
    forging.CHANNEL.send(forging.with_body(frame, lambda body: body + bytes(8 * forging.LIES)))


forging.serve(send)
