# attack: forges answers of forty megabytes of terminal codes, which cost the grader seconds each to clean
# expect: killed
# twin: correct
import forging

forging.forget_the_caps()
LONG = "\x1b[0m" * 4096


def send(index, inputs, nonce):
    mutated = (LONG,) * (60 if forging.LIES else 1)
    forging.CHANNEL.send(forging.answer(index, inputs, nonce, detail=LONG, mutated=mutated))


forging.serve(send)
