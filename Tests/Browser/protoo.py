# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""A client of the signalling in the standard library: WebSocket by hand, and protoo's requests above it.

By hand, because tests must also send what no library would: broken frames, oversized ones, floods.
"""
import base64
import json
import os
import queue
import socket
import ssl
import struct
import threading

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Refused(Exception):
    """The server answered the upgrade with something else."""

    def __init__(self, status, body):
        super().__init__(f"HTTP {status}: {body[:200]}")
        self.status, self.body = status, body


class Closed(Exception):
    """The connection has ended: with a close frame's code and reason, or without any (code None)."""

    def __init__(self, code, reason):
        super().__init__(f"closed: {code} {reason}")
        self.code, self.reason = code, reason


class WebSocket:
    """One connection; its origin is the server's own page by default, and none where `origin` is empty."""

    def __init__(self, server, path, origin=None, protocol="protoo", timeout=10):
        self._socket = socket.create_connection(("127.0.0.1", server.port), timeout)
        if server.url.startswith("https"):
            self._socket = ssl._create_unverified_context().wrap_socket(self._socket)
        self._buffer = b""
        lines = [
            f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        ]
        if protocol:
            lines.append(f"Sec-WebSocket-Protocol: {protocol}")
        if origin != "":
            lines.append(f"Origin: {origin or server.url}")
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        status = int(head.split(b" ")[1])
        if status != 101:
            headers = dict(line.split(b":", 1) for line in head.lower().split(b"\r\n")[1:])
            length = int(headers.get(b"content-length", b"0"))
            while len(self._buffer) < length:
                self._more()
            raise Refused(status, self._buffer[:length].decode(errors="replace"))

    def send(self, payload, opcode=TEXT, final=True):
        if isinstance(payload, str):
            payload = payload.encode()
        mask = os.urandom(4)
        length = len(payload)
        head = bytes([opcode | (0x80 if final else 0)])
        if length < 126:
            head += bytes([0x80 | length])
        elif length < 65536:
            head += bytes([0x80 | 126]) + struct.pack(">H", length)
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", length)
        repeated = mask * (length // 4 + 1)
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes(repeated[:length], "big")).to_bytes(length, "big")
        self.send_raw(head + mask + masked)

    def send_raw(self, data):
        self._socket.sendall(data)

    def receive(self):
        """The next message as (opcode, payload); pings are answered on the way."""
        whole = b""
        while True:
            first, second = self._take(2)
            length = second & 0x7F
            if length == 126:
                length = struct.unpack(">H", self._take(2))[0]
            elif length == 127:
                length = struct.unpack(">Q", self._take(8))[0]
            payload = self._take(length)
            opcode = first & 0x0F
            if opcode == PING:
                self.send(payload, PONG)
            elif opcode == CLOSE:
                code = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else None
                raise Closed(code, payload[2:].decode(errors="replace"))
            elif opcode != PONG:
                whole += payload
                if first & 0x80:
                    return opcode, whole

    def set_timeout(self, seconds):
        self._socket.settimeout(seconds)

    def shut(self):
        """Closes the connection without a word."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()

    def _take(self, count):
        while len(self._buffer) < count:
            self._more()
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data

    def _more(self):
        try:
            data = self._socket.recv(1 << 16)
        except TimeoutError:
            raise
        except OSError as error:
            raise Closed(None, str(error)) from None
        if not data:
            raise Closed(None, "the connection ended without a close frame")
        self._buffer += data


class RequestError(Exception):
    def __init__(self, method, code, reason):
        super().__init__(f"{method}: {code} {reason}")
        self.code, self.reason = code, reason


class Peer:
    """A peer that answers the server's requests, by default with yes; ``requests`` and ``notifications`` are queues."""

    def __init__(self, server, room, peer_id, on_request=None, **options):
        self.socket = WebSocket(server, f"/?roomId={room}&peerId={peer_id}", **options)
        self.socket.set_timeout(None)
        self.requests, self.notifications = queue.Queue(), queue.Queue()
        self.closed = None
        self._on_request = on_request or (lambda method, data: {})
        self._next = 0
        self._waiting = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    def request(self, method, data=None, timeout=10):
        answer = queue.Queue()
        with self._lock:
            self._next += 1
            number = self._next
            self._waiting[number] = answer
            frame = {"request": True, "id": number, "method": method, "data": data or {}}
            self.socket.send(json.dumps(frame))
        try:
            result = answer.get(timeout=timeout)
        except queue.Empty:
            raise RequestError(method, None, f"no answer in {timeout} s") from None
        if isinstance(result, Exception):
            raise result
        if not result.get("ok"):
            raise RequestError(method, result.get("errorCode"), result.get("errorReason"))
        return result.get("data")

    def join(self, name, capabilities=None):
        data = {"displayName": name, "device": {"flag": "test", "name": "Test", "version": "1"}}
        return self.request("join", {**data, "rtpCapabilities": capabilities or {"codecs": [], "headerExtensions": []}})

    def close(self):
        self.socket.shut()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _read(self):
        try:
            while True:
                message = json.loads(self.socket.receive()[1])
                if message.get("response"):
                    waiting = self._waiting.pop(message["id"], None)
                    if waiting:
                        waiting.put(message)
                elif message.get("request"):
                    self.requests.put((message["method"], message.get("data")))
                    data = self._on_request(message["method"], message.get("data"))
                    answer = {"response": True, "id": message["id"], "ok": True, "data": data or {}}
                    with self._lock:
                        self.socket.send(json.dumps(answer))
                elif message.get("notification"):
                    self.notifications.put((message["method"], message.get("data")))
        except (Closed, OSError, ValueError) as error:
            self.closed = error
            for waiting in list(self._waiting.values()):
                waiting.put(error)
