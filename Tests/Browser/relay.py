# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""A UDP relay that impairs what passes: loss, delay, jitter, duplication, without root.

The server announces the relay's address; every client address gets a socket of its own towards the server, so the
server still tells clients apart.
"""
import heapq
import random
import selectors
import socket
import threading
import time

CLIENTS = 256  # Client addresses remembered, at most.


def own_address():
    """An address of this machine that is not loopback, where there is one: browsers like it better."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))  # Nothing is sent: this only asks for a route.
            return probe.getsockname()[0]
        except OSError:
            return "127.0.0.2"


class Relay:
    def __init__(self, host, port, seed=1, loss=0.0, delay=0.0, jitter=0.0, duplicate=0.0):
        """Relays between `host` and 127.0.0.1, the same port on both; delay and jitter in seconds, rates from 0 to 1."""
        self.loss, self.delay, self.jitter, self.duplicate = loss, delay, jitter, duplicate
        self.forwarded = self.lost = 0
        self._random = random.Random(seed)
        self._server = ("127.0.0.1", port)
        self._front = self._socket(host, port)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._front, selectors.EVENT_READ, None)
        self._backs = {}
        self._heap = []
        self._count = 0
        self._running = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self):
        self._running = False
        self._thread.join()
        self._front.close()
        for back in self._backs.values():
            back.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @staticmethod
    def _socket(host, port):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((host, port))
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        return made

    def _run(self):
        while self._running:
            now = time.monotonic()
            while self._heap and self._heap[0][0] <= now:
                _, _, out, packet, address = heapq.heappop(self._heap)
                try:
                    out.sendto(packet, address)
                except OSError:
                    pass
            wait = min(0.05, self._heap[0][0] - now) if self._heap else 0.05
            for key, _ in self._selector.select(max(0, wait)):
                self._take(key.fileobj, key.data)

    def _take(self, source, client):
        for _ in range(64):
            try:
                packet, address = source.recvfrom(65536)
            except OSError:
                return
            if client is None:
                back = self._backs.get(address)
                if back is None:
                    if len(self._backs) == CLIENTS:
                        continue
                    back = self._backs[address] = self._socket("127.0.0.1", 0)
                    self._selector.register(back, selectors.EVENT_READ, address)
                self._pass(back, packet, self._server)
            else:
                self._pass(self._front, packet, client)

    def _pass(self, out, packet, address):
        if self._random.random() < self.loss:
            self.lost += 1
            return
        self.forwarded += 1
        for _ in range(2 if self._random.random() < self.duplicate else 1):
            at = time.monotonic() + self.delay + self._random.random() * self.jitter
            self._count += 1
            heapq.heappush(self._heap, (at, self._count, out, packet, address))
