# attack: answers before it has seen a question, whose nonce it cannot know
# expect: killed
# twin: correct
import forging


def send(index, inputs, nonce):
    forging.CHANNEL.send(forging.answer(index, inputs, forging.orders_nonce() if forging.LIES else nonce))


forging.serve(send)
