# attack: the name is bound to something that only looks callable
# expect: missing|raised|wrong_type
class Lookalike:
    def __getattr__(self, name):
        raise SystemExit

    __call__ = None


dY_dX = Lookalike()
