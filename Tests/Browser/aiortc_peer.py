# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""A peer with an ICE, DTLS and RTP stack of its own: aiortc, through its ORTC-like objects, so without any SDP.

aiortc_peer.py PORT ROOM NAME [hostile]: joins, sends a synthetic picture and tone, receives what the others send until
its standard input ends, and then prints what it got as one line of JSON. "hostile" adds broken RTP and RTCP under right
keys first.
"""
import array
import asyncio
import fractions
import json
import math
import os
import random
import sys
import time
import types

from aiortc import (
    RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport, RTCIceCandidate, RTCIceGatherer,
    RTCIceParameters, RTCIceTransport, RTCRtpReceiver, RTCRtpSender)
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError, VideoStreamTrack
from aiortc.rtcrtpparameters import (
    RTCRtcpFeedback, RTCRtcpParameters, RTCRtpCodecParameters, RTCRtpDecodingParameters, RTCRtpHeaderExtensionParameters,
    RTCRtpReceiveParameters, RTCRtpRtxParameters, RTCRtpSendParameters)
from aiortc.rtcrtpreceiver import RemoteStreamTrack
from av import AudioFrame, VideoFrame

import raw
from protoo import Peer

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
CODECS = ("audio/opus", "video/vp8")
HOSTILE_PACKETS = 3000


class Picture(VideoStreamTrack):
    """Bars that move."""

    width, height = 320, 240

    async def recv(self):
        pts, time_base = await self.next_timestamp()
        frame = VideoFrame(self.width, self.height, "yuv420p")
        shift = pts // 3000
        line = bytes((x + 4 * shift) % 200 + 40 for x in range(self.width))
        fill(frame.planes[0], line, self.height)
        for plane, value in ((frame.planes[1], 90), (frame.planes[2], 160)):
            fill(plane, bytes([value]) * (self.width // 2), self.height // 2)
        frame.pts, frame.time_base = pts, time_base
        return frame


class Tone(AudioStreamTrack):
    """440 Hz."""

    rate, samples = 48000, 960
    _start = None
    _sent = 0

    async def recv(self):
        if self._start is None:
            self._start = time.monotonic()
        await asyncio.sleep(max(0, self._start + self._sent / self.rate - time.monotonic()))
        wave = array.array("h", (
            int(8000 * math.sin(2 * math.pi * 440 * (self._sent + i) / self.rate)) for i in range(self.samples)))
        frame = AudioFrame(format="s16", layout="mono", samples=self.samples)
        frame.planes[0].update(wave.tobytes())
        frame.pts, frame.sample_rate, frame.time_base = self._sent, self.rate, fractions.Fraction(1, self.rate)
        self._sent += self.samples
        return frame


def fill(plane, line, height):
    plane.update((line + bytes(plane.line_size - len(line))) * height)


def codec_parameters(codec):
    feedback = [RTCRtcpFeedback(f["type"], f.get("parameter") or None) for f in codec.get("rtcpFeedback", [])]
    return RTCRtpCodecParameters(
        mimeType=codec["mimeType"], clockRate=codec["clockRate"], channels=codec.get("channels"),
        payloadType=codec["payloadType"], rtcpFeedback=feedback, parameters=codec.get("parameters", {}))


def extension_parameters(parameters):
    return [RTCRtpHeaderExtensionParameters(id=e["id"], uri=e["uri"]) for e in parameters.get("headerExtensions", [])]


def own_capabilities(router):
    """Of the router's capabilities, what aiortc can receive."""
    codecs = [c for c in router["codecs"] if c["mimeType"].lower() in CODECS]
    known = {c["preferredPayloadType"] for c in codecs}
    codecs += [
        c for c in router["codecs"] if c["mimeType"].lower() == "video/rtx" and c["parameters"].get("apt") in known]
    wanted = {("nack", ""), ("nack", "pli"), ("goog-remb", "")}
    codecs = [
        {**c, "rtcpFeedback": [f for f in c.get("rtcpFeedback", []) if (f["type"], f.get("parameter", "")) in wanted]}
        for c in codecs]
    return {"codecs": codecs, "headerExtensions": [e for e in router["headerExtensions"] if e["uri"] == MID]}


class Endpoint:
    def __init__(self, port, room, name):
        self.loop = asyncio.get_running_loop()
        server = types.SimpleNamespace(port=port, url=f"http://127.0.0.1:{port}")
        self.peer = Peer(server, room, name, on_request=self.on_request)
        self.certificate = RTCCertificate.generateCertificate()
        self.received, self.tasks, self.receivers, self.senders = {}, [], [], []

    async def request(self, method, data=None):
        return await self.loop.run_in_executor(None, self.peer.request, method, data)

    async def transport(self, producing):
        """One of the server's transports, connected."""
        told = await self.request("createWebRtcTransport", {"producing": producing, "consuming": not producing})
        gatherer = RTCIceGatherer(iceServers=[])
        ice = RTCIceTransport(gatherer)
        ice._connection.ice_controlling = True
        await gatherer.gather()
        for candidate in told["iceCandidates"]:
            if candidate["protocol"] == "udp":
                await ice.addRemoteCandidate(RTCIceCandidate(
                    component=1, foundation=candidate["foundation"], ip=candidate.get("address") or candidate["ip"],
                    port=candidate["port"], priority=candidate["priority"], protocol="udp", type="host"))
        await ice.addRemoteCandidate(None)
        dtls = RTCDtlsTransport(ice, [self.certificate])
        dtls._set_role("client")
        ours = dtls.getLocalParameters().fingerprints
        await self.request("connectWebRtcTransport", {
            "transportId": told["id"], "dtlsParameters": {
                "role": "client", "fingerprints": [{"algorithm": f.algorithm, "value": f.value} for f in ours]}})
        remote = told["iceParameters"]
        await ice.start(RTCIceParameters(remote["usernameFragment"], remote["password"], iceLite=True))
        await dtls.start(RTCDtlsParameters(
            [RTCDtlsFingerprint(f["algorithm"], f["value"]) for f in told["dtlsParameters"]["fingerprints"]]))
        assert (ice.state, dtls.state) == ("completed", "connected"), (ice.state, dtls.state)
        return told["id"], dtls

    async def produce(self, transport_id, dtls, mid, track, codecs):
        sender = RTCRtpSender(track, dtls)
        extensions = [{"uri": MID, "id": 1, "encrypt": False, "parameters": {}}]
        encoding = {"ssrc": sender._ssrc, **({"rtx": {"ssrc": sender._rtx_ssrc}} if len(codecs) > 1 else {})}
        await self.request("produce", {"transportId": transport_id, "kind": track.kind, "appData": {}, "rtpParameters": {
            "mid": mid, "codecs": codecs, "headerExtensions": extensions, "encodings": [encoding],
            "rtcp": {"cname": "aiortc", "reducedSize": True}}})
        await sender.send(RTCRtpSendParameters(
            codecs=[codec_parameters(c) for c in codecs], muxId=mid, rtcp=RTCRtcpParameters(cname="aiortc", mux=True),
            headerExtensions=extension_parameters({"headerExtensions": extensions})))
        self.senders.append(sender)

    def on_request(self, method, data):
        """On the signalling's own thread: accepted once the receiver is ready."""
        if method == "newConsumer":
            asyncio.run_coroutine_threadsafe(self.consume(data), self.loop).result(10)
        return {}

    async def consume(self, data):
        parameters, kind = data["rtpParameters"], data["kind"]
        codecs = [codec_parameters(c) for c in parameters["codecs"]]
        encodings = []
        for e in parameters["encodings"]:
            rtx = RTCRtpRtxParameters(ssrc=e["rtx"]["ssrc"]) if "rtx" in e else None
            encodings.append(RTCRtpDecodingParameters(ssrc=e["ssrc"], payloadType=codecs[0].payloadType, rtx=rtx))
        receiver = RTCRtpReceiver(kind, self.receiving)
        receiver._track = RemoteStreamTrack(kind=kind)
        receiver._set_rtcp_ssrc(random.randrange(1, 1 << 32))
        await receiver.receive(RTCRtpReceiveParameters(
            codecs=codecs, headerExtensions=extension_parameters(parameters), muxId=parameters.get("mid", ""),
            rtcp=RTCRtcpParameters(mux=True), encodings=encodings))
        self.receivers.append(receiver)
        self.tasks.append(asyncio.ensure_future(self.watch(receiver.track, data["peerId"])))

    async def watch(self, track, peer_id):
        key = f"{track.kind} of {peer_id}"
        found = self.received[key] = {"kind": track.kind, "frames": 0, "level": 0.0}
        try:
            while True:
                frame = await track.recv()
                found["frames"] += 1
                if track.kind == "video":
                    found["size"] = [frame.width, frame.height]
                    sample = bytes(frame.planes[0])[::97]
                    found["level"] = max(found["level"], sum(sample) / len(sample))
                else:
                    sample = array.array("h", bytes(frame.planes[0]))
                    found["level"] = max(found["level"], max(map(abs, sample)) / 32768)
        except MediaStreamError:
            pass

    async def attack(self, dtls):
        """Broken RTP and RTCP that the server can decrypt; the streams' own RTP is left alone."""
        rng, sent = random.Random(11), 0
        own = [sender._ssrc for sender in self.senders]
        for number in range(HOSTILE_PACKETS):
            is_rtcp = rng.random() < 0.5
            data = bytearray(raw.rtcp(rng) if is_rtcp else raw.rtp(rng))
            if is_rtcp and rng.random() < 0.5:
                data[4:8] = rng.choice(own).to_bytes(4, "big")
            if rng.random() < 0.5:
                data[2:] = raw.mutate(rng, bytes(data[2:]))
            try:
                await dtls._send_rtp(bytes(data))
                sent += 1
            except ConnectionError:
                raise
            except Exception:
                pass  # libsrtp would not seal it.
            if number % 20 == 0:
                await asyncio.sleep(0.005)
        return sent

    async def run(self, name, hostile):
        router = await self.request("getRouterRtpCapabilities")
        sending_id, sending = await self.transport(True)
        _, self.receiving = await self.transport(False)
        capabilities = own_capabilities(router)
        device = {"flag": "aiortc", "name": "aiortc", "version": "1"}
        await self.request("join", {"displayName": name, "device": device, "rtpCapabilities": capabilities})
        feedback = [{"type": "nack"}, {"type": "nack", "parameter": "pli"}, {"type": "goog-remb"}]
        await self.produce(sending_id, sending, "0", Tone(), [
            {"mimeType": "audio/opus", "payloadType": 96, "clockRate": 48000, "channels": 2, "parameters": {},
             "rtcpFeedback": []}])
        await self.produce(sending_id, sending, "1", Picture(), [
            {"mimeType": "video/VP8", "payloadType": 97, "clockRate": 90000, "parameters": {}, "rtcpFeedback": feedback},
            {"mimeType": "video/rtx", "payloadType": 98, "clockRate": 90000, "parameters": {"apt": 97},
             "rtcpFeedback": []}])
        attacked = await self.attack(sending) if hostile else 0
        await self.loop.run_in_executor(None, sys.stdin.read)
        profile = sending._ssl.get_selected_srtp_profile().decode()
        print(json.dumps({"received": self.received, "attacked": attacked, "profile": profile,
                          "states": [sending.state, self.receiving.state]}), flush=True)


async def main():
    port, room, name = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    await Endpoint(port, room, name).run(name, "hostile" in sys.argv[4:])
    sys.stdout.flush()
    # Decoder threads may linger; they must not hold the exit up.
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
