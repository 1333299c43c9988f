# attack: an event loop, which wants sockets and epoll
# expect: raised
import asyncio


async def main():
    await asyncio.sleep(0)


def dY_dX(X):
    return asyncio.run(main())
