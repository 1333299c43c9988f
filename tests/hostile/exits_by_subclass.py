# attack: a subclass of SystemExit with an evil code
# expect: killed
class Exit(SystemExit):
    @property
    def code(self):
        while True:
            pass


def dY_dX(X):
    raise Exit
