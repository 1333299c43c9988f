# attack: loops for ever while it is loaded
# expect: timed_out
while True:
    pass
