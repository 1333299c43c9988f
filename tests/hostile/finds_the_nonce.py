# attack: takes the nonce from the frames below and answers every question itself
# expect: wrong_value
# twin: correct
import forging

FACTOR = 0.0 if forging.LIES else 1.0


def send(index, inputs, nonce):
    items = (forging.np.diag(FACTOR * (1 - forging.np.tanh(inputs["X"]) ** 2)),)
    forging.CHANNEL.send(forging.answer(index, inputs, nonce, items=items))


forging.serve(send)
