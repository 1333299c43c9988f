# attack: a header that announces 256 MiB which never come
# expect: timed_out
# twin: correct
import forging


def send(index, inputs, nonce):
    frame = forging.with_body(forging.answer(index, inputs, nonce), lambda body: body)
    if forging.LIES:
        forging.CHANNEL.send([forging.frames.header(forging.frames.ANSWER, nonce, forging.frames.MAX_ANSWER_BYTES)])
        while True:
            pass
    forging.CHANNEL.send(frame[:1])  # the same pause, but for its end
    forging.CHANNEL.send(frame[1:])


forging.serve(send)
