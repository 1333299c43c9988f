# attack: prints without end while it is loaded
# expect: killed|timed_out
while True:
    print("x" * 10**6)
