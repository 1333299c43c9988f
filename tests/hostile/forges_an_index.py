# attack: answers the call after the one that was asked for
# expect: killed
# twin: correct
import forging

forging.serve(lambda index, inputs, nonce: forging.CHANNEL.send(forging.answer(index + forging.LIES, inputs, nonce)))
