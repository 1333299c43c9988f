# attack: an array whose shape needs a terabyte
# expect: killed
# twin: correct
import forging


def send(index, inputs, nonce):
    shape = forging.protocol.SHAPES[2]
    honest = shape.pack(len(inputs["X"]), len(inputs["X"]))
    lie = shape.pack(2**20, 2**17) if forging.LIES else honest
    frame = forging.answer(index, inputs, nonce)
    forging.CHANNEL.send(forging.with_body(frame, lambda body: body.replace(honest, lie, 1)))


forging.serve(send)
