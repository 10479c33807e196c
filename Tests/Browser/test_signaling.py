# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""Signalling by hand: who is let in, and what wrong messages are answered with."""
import json
import random
import time
import urllib.error
import urllib.request

import support
from protoo import BINARY, CONTINUATION, TEXT, Closed, Peer, Refused, RequestError, WebSocket

MESSAGE_LIMIT = 960_000


def refused(path, **options):
    try:
        WebSocket(support.server(), path, **options).shut()
    except Refused as answer:
        return answer.status
    return None


def works(peer):
    """The peer's connection still serves it."""
    assert peer.request("getRouterRtpCapabilities")["codecs"]


def error_of(peer, method, data=None):
    try:
        peer.request(method, data)
    except RequestError as error:
        return error.code, error.reason
    raise AssertionError(f"{method} was granted")


def next_message(socket):
    opcode, payload = socket.receive()
    assert opcode == TEXT
    return json.loads(payload)


def answer_to(socket, number):
    """The response to a request sent by hand; notifications before it are passed over."""
    while True:
        message = next_message(socket)
        if message.get("response") and message["id"] == number:
            return message


def closure_of(socket, timeout=10):
    """How the server ends a connection."""
    socket.set_timeout(timeout)
    try:
        while True:
            socket.receive()
    except Closed as closed:
        return closed


def test_health():
    """/healthz answers 200, and what is not there 404"""
    at = support.server()
    assert at.get("/healthz")
    try:
        at.get("/no-such-page")
    except urllib.error.HTTPError as error:
        assert error.code == 404
    else:
        raise AssertionError("a page that is not there was served")
    for path in ("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/client/..%2f..%2f..%2fetc%2fpasswd"):
        try:
            assert b"root:" not in at.get(path)
        except urllib.error.HTTPError as error:
            assert error.code in (400, 403, 404)


def test_who_is_let_in():
    """A wrong origin gets 403, missing ids 400; the own origin and programs without any come in"""
    for origin in ("https://evil.example", "http://127.0.0.1:1", "null", "http://127.0.0.1.evil.example"):
        assert refused("/?roomId=a&peerId=b", origin=origin) == 403, origin
    for path in ("/", "/?roomId=a", "/?peerId=b", "/?roomId=&peerId=b", f"/?roomId={'a' * 200}&peerId=b"):
        assert refused(path) == 400, path
    assert refused("/elsewhere?roomId=a&peerId=b") == 404
    assert refused("/?roomId=a&peerId=b", protocol="chat") == 400
    assert refused("/?roomId=a&peerId=b") is None
    assert refused("/?roomId=a&peerId=b", origin="") is None


def test_wrong_requests():
    """Unknown methods, wrong data and unknown ids get error responses, and the connection goes on"""
    with Peer(support.server(), support.room(), "one") as peer:
        code, reason = error_of(peer, "fly")
        assert code == 500 and "fly" in reason, (code, reason)
        for method, data in [
            ("join", {"displayName": 5}), ("createWebRtcTransport", {"producing": "yes"}),
            ("connectWebRtcTransport", {}), ("connectWebRtcTransport", {"transportId": "x", "dtlsParameters": 3}),
            ("produce", {"transportId": "x", "kind": "smell", "rtpParameters": {}}),
        ]:
            code, reason = error_of(peer, method, data)
            assert 400 <= code < 500 and reason, (method, code, reason)
        peer.join("One")
        for method, data in [
            ("restartIce", {"transportId": "no"}), ("closeProducer", {"producerId": "no"}),
            ("pauseConsumer", {"consumerId": "no"}), ("getTransportStats", {"transportId": "no"}),
            ("requestConsumerKeyFrame", {"consumerId": "no"}),
        ]:
            code, reason = error_of(peer, method, data)
            assert 400 <= code < 600 and reason, (method, code, reason)
        works(peer)


def test_produce_without_sense():
    """RTP parameters that make no sense are refused, with a reason"""
    with Peer(support.server(), support.room(), "one") as peer:
        peer.join("One")
        transport = peer.request("createWebRtcTransport", {"producing": True, "consuming": False})["id"]
        opus = {"mimeType": "audio/opus", "payloadType": 111, "clockRate": 48000, "channels": 2}
        wrong = [
            {}, {"codecs": []}, {"codecs": [opus]}, {"codecs": [opus], "encodings": []},
            {"codecs": [{**opus, "payloadType": 999}], "encodings": [{"ssrc": 1}]},
            {"codecs": [{**opus, "mimeType": "audio/unknown"}], "encodings": [{"ssrc": 1}]},
            {"codecs": [opus], "encodings": [{"ssrc": -1}]}, {"codecs": [opus], "encodings": [{"ssrc": 1 << 40}]},
            {"codecs": [opus] * 2000, "encodings": [{"ssrc": 1}]},
        ]
        for parameters in wrong:
            data = {"transportId": transport, "kind": "audio", "rtpParameters": parameters}
            code, reason = error_of(peer, "produce", data)
            assert 400 <= code < 600 and reason, (parameters, code, reason)
        works(peer)


def test_transport_limit():
    """One peer gets only so many transports"""
    with Peer(support.server(), support.room(), "one") as peer:
        peer.join("One")
        made = 0
        try:
            for made in range(100):
                peer.request("createWebRtcTransport", {"producing": True, "consuming": False})
        except RequestError as error:
            assert error.reason and 400 <= error.code < 600
        assert 2 <= made < 50, made
        works(peer)


def test_malformed_messages():
    """What is no message never ends the connection without a reason, and most of it not at all"""
    socket = WebSocket(support.server(), f"/?roomId={support.room()}&peerId=one")
    for text in ("", "{", "[]", "7", "null", '"text"', "{}", '{"request":true}', '{"request":1,"id":1,"method":"join"}',
                 '{"response":true,"id":77,"ok":true}', '{"notification":true}', '{"request":true,"id":1e300,"method":"x"}',
                 '{"request":true,"id":-9223372036854775808,"method":"x"}', "[" * 2000, '{"a":' * 500, "\u0000", "\ud7ff"):
        socket.send(text)
    socket.send('{"request":true,"id":4,"method":["join"]}')
    answer = answer_to(socket, 4)
    assert not answer.get("ok") and answer["errorCode"] == 400 and answer["errorReason"], answer
    socket.send('{"request":true,"id":5,"method":"getRouterRtpCapabilities"}')
    assert answer_to(socket, 5)["ok"]
    socket.shut()


def test_mutated_messages():
    """A thousand mutated requests leave a server that works"""
    rng = random.Random(5)
    seeds = [
        {"request": True, "id": 1, "method": "join", "data": {
            "displayName": "x", "device": {"name": "y"}, "rtpCapabilities": {"codecs": [
                {"kind": "video", "mimeType": "video/VP8", "clockRate": 90000, "preferredPayloadType": 96,
                 "rtcpFeedback": [{"type": "nack"}], "parameters": {"a": 1}}], "headerExtensions": []}}},
        {"request": True, "id": 2, "method": "createWebRtcTransport", "data": {"forceTcp": False, "producing": True}},
    ]
    sent = 0
    while sent < 1000:
        socket = WebSocket(support.server(), f"/?roomId={support.room()}&peerId=mutant")
        try:
            for _ in range(100):
                text = bytearray(json.dumps(rng.choice(seeds)).encode())
                for _ in range(rng.randrange(1, 4)):
                    at = rng.randrange(len(text))
                    text[at:at + rng.randrange(4)] = rng.choice(
                        (b"{", b"}", b"[", b"\"", b"-1", b"1e99", b"null", b",", b"\\u0000", b"99999999999999999999"))
                socket.send(bytes(text))
                sent += 1
            socket.send('{"request":true,"id":424242,"method":"getRouterRtpCapabilities"}')
            assert answer_to(socket, 424242)["ok"]
        except Closed as closed:
            assert closed.code is not None, "the socket was dropped without a reason"
        socket.shut()
    with Peer(support.server(), support.room(), "one") as peer:
        works(peer)


def test_oversized_message():
    """A message at the limit is read, one above it closes the connection with 1009"""
    def padded(length):
        head, tail = '{"request":true,"id":9,"method":"getRouterRtpCapabilities","data":{"pad":"', '"}}'
        return head + "x" * (length - len(head) - len(tail)) + tail

    socket = WebSocket(support.server(), f"/?roomId={support.room()}&peerId=one")
    socket.send(padded(MESSAGE_LIMIT))
    assert answer_to(socket, 9)["ok"]
    try:
        socket.send(padded(MESSAGE_LIMIT + 1))
    except OSError:
        pass
    assert closure_of(socket).code == 1009
    # The same in fragments: the limit is the message's.
    socket = WebSocket(support.server(), f"/?roomId={support.room()}&peerId=one")
    part = "x" * 100_000
    try:
        socket.send(part, TEXT, final=False)
        for _ in range(10):
            socket.send(part, CONTINUATION, final=False)
    except OSError:
        pass
    assert closure_of(socket).code == 1009


def test_broken_frames():
    """Frames against the protocol close the connection with a code that says so"""
    def code_after(*frames):
        socket = WebSocket(support.server(), f"/?roomId={support.room()}&peerId=one")
        for frame in frames:
            try:
                socket.send_raw(frame)
            except OSError:
                break
        closed = closure_of(socket)
        socket.shut()
        return closed.code

    assert code_after(b"\x81\x02hi") == 1002  # Not masked.
    assert code_after(b"\xf1\x80\0\0\0\0") == 1002  # Reserved bits.
    assert code_after(b"\x80\x80\0\0\0\0") == 1002  # A continuation of nothing.
    assert code_after(b"\x81\x82\0\0\0\0\xff\xfe") in (1002, 1007)  # Not UTF-8.
    socket = WebSocket(support.server(), f"/?roomId={support.room()}&peerId=one")
    socket.send(b"\0\1", BINARY)
    assert closure_of(socket).code in (1003, 1002)


def test_flood():
    """A flood of requests is closed with a reason, and others do not notice"""
    with Peer(support.server(), support.room(), "calm") as calm:
        calm.join("Calm")
        flood = Peer(support.server(), support.room(), "flood")
        try:
            for number in range(5000):
                request = {"request": True, "id": number, "method": "getRouterRtpCapabilities"}
                flood.socket.send(json.dumps(request))
        except OSError:
            pass
        end = time.monotonic() + 10
        while flood.closed is None and time.monotonic() < end:
            time.sleep(0.05)
        assert isinstance(flood.closed, Closed) and flood.closed.code == 1008 and flood.closed.reason, flood.closed
        start = time.monotonic()
        works(calm)
        support.report("seconds that another peer's request takes beside a flood", round(time.monotonic() - start, 3))


def test_replaced():
    """A second connection of a peer id replaces the first, which is told so"""
    room = support.room()
    first = WebSocket(support.server(), f"/?roomId={room}&peerId=same")
    with Peer(support.server(), room, "other") as other, Peer(support.server(), room, "same") as second:
        closed = closure_of(first)
        assert closed.code == 4000 and closed.reason, closed
        assert second.join("Second")["peers"] == []
        assert [peer["id"] for peer in other.join("Other")["peers"]] == ["same"]
        assert second.notifications.get(timeout=5)[0]


def test_no_join():
    """Who does not join within 10 s is sent away, with a reason"""
    socket = WebSocket(support.server(), f"/?roomId={support.room()}&peerId=shy")
    start = time.monotonic()
    closed = closure_of(socket, 15)
    assert closed.code == 4000 and "join" in closed.reason, closed
    assert 8 < time.monotonic() - start < 14
