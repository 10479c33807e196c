# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""Many viewers in one process, on aiortc's transports, that count what arrives and decode nothing.

aiortc_viewers.py PORT ROOM COUNT: joins so often, says "ready" once every one has been offered video, and when its
standard input ends prints what each got as one line of JSON.
"""
import asyncio
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

from aiortc.rtcrtpparameters import RTCRtcpParameters, RTCRtpDecodingParameters, RTCRtpReceiveParameters

from aiortc_peer import Endpoint, codec_parameters, extension_parameters, own_capabilities

AT_ONCE = 6  # Handshakes that run at the same time.


class Counter:
    """Stands in a receiver's place: counts packets, and gaps in their sequence numbers."""

    def __init__(self, ssrc):
        self.ssrc, self.packets, self.strangers, self.first, self.highest = ssrc, 0, 0, None, 0

    async def _handle_rtp_packet(self, packet, arrival_time_ms):
        if packet.ssrc != self.ssrc:
            self.strangers += 1
            return
        self.packets += 1
        number = packet.sequence_number
        if self.first is None:
            self.first = self.highest = number
        step = (number - self.highest) & 0xFFFF
        if step < 0x8000:
            self.highest += step

    async def _handle_rtcp_packet(self, packet):
        pass

    def _handle_disconnect(self):
        pass

    @property
    def expected(self):
        return 0 if self.first is None else self.highest - self.first + 1


class Viewer(Endpoint):
    """Receives, and sends nothing."""

    def __init__(self, port, room, name):
        super().__init__(port, room, name)
        self.name, self.counters, self.offered = name, [], asyncio.Event()

    async def enter(self, limit):
        async with limit:
            router = await self.request("getRouterRtpCapabilities")
            _, self.receiving = await self.transport(False)
            device = {"flag": "aiortc", "name": "viewer", "version": "1"}
            await self.request(
                "join", {"displayName": self.name, "device": device, "rtpCapabilities": own_capabilities(router)})
        await asyncio.wait_for(self.offered.wait(), 30)

    async def consume(self, data):
        parameters = data["rtpParameters"]
        ssrc = parameters["encodings"][0]["ssrc"]
        codecs = [codec_parameters(codec) for codec in parameters["codecs"]]
        counter = Counter(ssrc)
        self.receiving._register_rtp_receiver(counter, RTCRtpReceiveParameters(
            codecs=codecs, headerExtensions=extension_parameters(parameters), muxId=parameters.get("mid", ""),
            rtcp=RTCRtcpParameters(mux=True),
            encodings=[RTCRtpDecodingParameters(ssrc=ssrc, payloadType=codecs[0].payloadType)]))
        self.counters.append(counter)
        self.offered.set()

    def result(self):
        return {"packets": sum(c.packets for c in self.counters), "expected": sum(c.expected for c in self.counters),
                "strangers": sum(c.strangers for c in self.counters), "closed": self.peer.closed is not None}


async def main():
    port, room, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    loop, limit = asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE)
    # Every request waits in a thread of the loop's pool.
    loop.set_default_executor(ThreadPoolExecutor(max_workers=count + 4))
    viewers = [Viewer(port, room, f"viewer-{number}") for number in range(count)]
    await asyncio.gather(*(viewer.enter(limit) for viewer in viewers))
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps([viewer.result() for viewer in viewers]), flush=True)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
