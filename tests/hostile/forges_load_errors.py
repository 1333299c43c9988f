# attack: forges two thousand errors of loading, each of which the grader would look up in a large source at every question
# expect: killed
# twin: correct
import forging

from grader.sandbox.wire.answer import LoadError

COUNT = 2000 if forging.LIES else forging.protocol.MAX_LOAD_ERRORS
forging.forget_the_caps()
forging.serve(first=lambda: forging.loaded(errors=(LoadError(source="answer.py", detail="x"),) * COUNT))
