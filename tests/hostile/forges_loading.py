# attack: says that loading is done to somebody who did not ask: the nonce is not that of the orders
# expect: killed
# twin: correct
import forging

forging.serve(first=lambda: forging.loaded(nonce=forging.orders_nonce() ^ forging.LIES))
