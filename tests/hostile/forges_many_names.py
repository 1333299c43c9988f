# attack: says that it defines more functions than the grader would look through for the one it misses
# expect: killed
# twin: correct
import forging

COUNT = forging.protocol.MAX_NAMES + forging.LIES
forging.forget_the_caps()
forging.serve(first=lambda: forging.loaded(defined={f"q{number}": () for number in range(COUNT)}))
