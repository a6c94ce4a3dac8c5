"""The websockets library as a subscriber: subscriber.py SOCKET"""
import asyncio
import json
import sys

import websockets


async def main(socket: str) -> None:
    async with websockets.unix_connect(socket, "ws://kisd/") as kisd:
        request = {"jsonrpc": "2.0", "id": 1, "method": "account.subscribeBalance"}
        await kisd.send(json.dumps(request))
        number = json.loads(await kisd.recv())["result"]
        state = json.loads(await kisd.recv())["params"]
        assert state["subscription"] == number, state
        print(state["result"]["balance"]["total_evaluation"])


asyncio.run(main(sys.argv[1]))
