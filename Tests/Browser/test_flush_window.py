# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""Packets that wait for company and leave as one message: made equal by padding, smaller ones behind larger ones.

What a browser makes of that depends on the codec: padding must not show in frames, nor order across streams.
"""
import re
import time
import urllib.request

from server import Server, free_port
from support import People, hears, report, sees

MIME_TYPES = {"vp8": "video/VP8", "h264": "video/H264", "vp9": "video/VP9", "av1": "video/AV1"}


def counters(port):
    """What the server's only worker counts."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    return {name: float(value) for name, value in re.findall(r"^swiftlet_worker_(\w+)_total\{.*\} (.+)$", text, re.M)}


def call_with(codec):
    port = free_port()
    with Server(f"flush-{codec}", "--flush-window", "3000", "--metrics-port", str(port)) as server, \
            People(server) as people:
        # Noise, so that frames are many packets.
        anna = people.open("Anna", before="probe.noise(640, 360, 15);", autojoin=1, codec=codec, layers="single",
                           maxBitrate=900_000)
        ben = people.join("Ben", video=0, audio=0)
        sees(ben, "Anna")
        hears(ben, "Anna")
        stats = ("probe.reports('inbound-rtp', 'video').then(all => all.map(r => [r.mimeType, r.framesDecoded,"
                 " r.framesDropped, r.packetsLost, r.pliCount, r.freezeCount])[0])")
        before, start = ben.eval(stats), counters(port)
        time.sleep(6)
        after, end = ben.eval(stats), counters(port)
        grown = {name: end[name] - start[name] for name in end}
        seen = {"decoded": after[1] - before[1], "dropped": after[2] - before[2], "lost": after[3],
                "plis": after[4] - before[4], "freezes": after[5] - before[5]}
        report(f"flush window, {codec}", {**seen, "padding": int(grown["padding_bytes"]), "packets per message":
               round(grown["packets_forwarded"] / max(1, grown["messages_sent"]), 1)})
        assert after[0] == MIME_TYPES[codec], after
        assert grown["padding_bytes"] > 0, f"nothing was padded, so that nothing was tested: {grown}"
        assert grown["packets_forwarded"] > 1.5 * grown["messages_sent"], f"nothing left together: {grown}"
        assert seen["decoded"] >= 40 and seen["lost"] == 0 and seen["plis"] == 0, seen


def test_vp8():
    """VP8 is decoded from packets that were padded and regrouped"""
    call_with("vp8")


def test_h264():
    """H264 is decoded from packets that were padded and regrouped"""
    call_with("h264")


def test_vp9():
    """VP9 is decoded from packets that were padded and regrouped"""
    call_with("vp9")


def test_av1():
    """AV1 is decoded from packets that were padded and regrouped"""
    call_with("av1")
