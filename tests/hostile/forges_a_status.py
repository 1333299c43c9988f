# attack: a status that is not on the list
# expect: killed
# twin: correct
import forging


def change(body):
    place = 4  # behind the index of the call
    body[place] = 200 if forging.LIES else 0
    return body


forging.serve(lambda *question: forging.CHANNEL.send(forging.with_body(forging.answer(*question), change)))
