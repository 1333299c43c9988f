# attack: says that it defines functions with endless names, which the grader would compare with the one it misses
# expect: killed
# twin: correct
import forging

LENGTH = 15_000 if forging.LIES else forging.protocol.MAX_NAME - 5
forging.forget_the_caps()
forging.serve(first=lambda: forging.loaded(defined={"q" * LENGTH + str(number): ("answer.py",) for number in range(60)}))
