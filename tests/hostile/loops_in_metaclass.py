# attack: an answer whose type loops when it is looked at
# expect: wrong_type
class Meta(type):
    def __instancecheck__(cls, instance):
        while True:
            pass

    def __getattribute__(cls, name):
        while True:
            pass


class Answer(metaclass=Meta):
    pass


def dY_dX(X):
    return Answer()
