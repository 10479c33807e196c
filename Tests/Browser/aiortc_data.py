# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""An aiortc peer whose messages are echoed: prints its offer as a line of JSON, reads the answer as one, sends on every
channel it was asked for, and prints what came back.

aiortc_data.py COUNT LARGEST: so many messages on each channel, of up to so many bytes.
"""
import asyncio
import json
import random
import sys
import time

from aiortc import RTCPeerConnection, RTCSessionDescription

AHEAD = 100_000  # Bytes sent without an echo, at most.


def messages(count, largest, seed):
    rng = random.Random(seed)
    sizes = [1, 2, 3, 1148, 1149, largest] + [rng.randrange(1, 200) for _ in range(count)]
    made = [rng.randbytes(size) if index % 5 else "ä" * size for index, size in enumerate(sizes[:count])]
    return made[:-2] + [b"", ""]


def size(message):
    return len(message.encode() if isinstance(message, str) else message)


async def echo(channel, sending):
    returned = []
    ahead = 0

    @channel.on("message")
    def on_message(message):
        nonlocal ahead
        returned.append(message)
        ahead -= size(message)

    end = time.monotonic() + 80
    for message in sending:
        channel.send(message)
        ahead += size(message)
        while ahead > AHEAD and time.monotonic() < end:
            await asyncio.sleep(0.005)
    while len(returned) < len(sending) and time.monotonic() < end:
        await asyncio.sleep(0.02)
    key = lambda message: (isinstance(message, str), message.encode() if isinstance(message, str) else message)
    return {"sent": len(sending), "returned": len(returned), "inOrder": returned == sending,
            "same": sorted(map(key, returned)) == sorted(map(key, sending))}


async def main():
    count, largest = int(sys.argv[1]), int(sys.argv[2])
    connection = RTCPeerConnection()
    channels = {
        "negotiated": connection.createDataChannel("negotiated", negotiated=True, id=0),
        "in-band": connection.createDataChannel("in-band", protocol="test"),
        "in-band unordered": connection.createDataChannel("in-band unordered", ordered=False),
    }
    await connection.setLocalDescription(await connection.createOffer())
    print(json.dumps({"offer": connection.localDescription.sdp}), flush=True)
    loop = asyncio.get_running_loop()
    answer = json.loads(await loop.run_in_executor(None, sys.stdin.readline))["answer"]
    await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    end = time.monotonic() + 20
    while any(channel.readyState != "open" for channel in channels.values()):
        assert time.monotonic() < end, {name: channel.readyState for name, channel in channels.items()}
        await asyncio.sleep(0.02)
    results = await asyncio.gather(*(
        echo(channel, messages(count, largest, seed)) for seed, channel in enumerate(channels.values())))
    print(json.dumps(dict(zip(channels, results))), flush=True)
    await connection.close()


asyncio.run(main())
