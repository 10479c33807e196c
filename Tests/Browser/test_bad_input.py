# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""Bytes that no friend would send, to a live worker's port."""
import pathlib
import random
import socket
import time

import raw
from protoo import Peer
from server import Server
from support import People, goes_on, report, sees

COUNT = 10_000
# What the worker's memory may grow by while 10,000 datagrams come in: allocator slack, not one datagram in ten kept.
GROWTH_KIB = 1024
# The same during a call of two, whose packet stores and tables fill at the same time.
GROWTH_IN_CALL_KIB = 4096


def resident(pid):
    """KiB of memory that a process has now."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


def dropped(port):
    """Datagrams to a port that the kernel dropped before the worker saw them."""
    rows = [row.split() for table in ("udp", "udp6") for row in pathlib.Path(f"/proc/net/{table}").read_text().splitlines()]
    return sum(int(row[-1]) for row in rows if row[1].endswith(f":{port:04X}"))


class Attacker:
    """Sends hostile datagrams from unknown addresses, from validated ones, and framed over TCP."""

    def __init__(self, server, room):
        self.peer = Peer(server, room, "attacker")
        self.transports = [
            self.peer.request("createWebRtcTransport", {"producing": bool(i), "consuming": not i}) for i in range(2)
        ]
        self.peer.join("attacker")
        self.targets = [transport["iceParameters"] for transport in self.transports]
        candidates = self.transports[0]["iceCandidates"]
        port = lambda protocol: next(c["port"] for c in candidates if c["protocol"] == protocol)
        self.udp, self.tcp = ("127.0.0.1", port("udp")), ("127.0.0.1", port("tcp"))
        self.refused = 0

    def validated(self):
        """A socket whose address has passed an ICE check: DTLS and SRTP from it go deeper."""
        rng = random.Random(99)
        found = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        found.settimeout(5)
        found.connect(self.udp)
        found.send(raw.check(self.targets[0], "evil", rng))
        answer = found.recv(2048)
        assert answer[:2] == b"\x01\x01", answer
        found.setblocking(False)
        return found

    def attack(self, seed, count):
        hostile = raw.Hostile(seed, self.targets)
        known = self.validated()
        strangers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(20)]
        for stranger in strangers:
            stranger.connect(self.udp)
            stranger.setblocking(False)
        streams = []
        for number in range(count):
            datagram = hostile.datagram()
            if number % 4 == 3:
                if number % 400 == 3:
                    for stream in streams:
                        stream.close()
                    streams = [self.stream(hostile.rng) for _ in range(4)]
                self.write(streams, hostile.rng, datagram)
            else:
                out = known if number % 2 else strangers[number % 20]
                try:
                    out.send(datagram)
                except OSError:
                    self.refused += 1
            if number % 20 == 0:
                time.sleep(0.002)  # Faster than this, and the kernel drops what the worker should see.
                self.drain([known, *strangers])
        for one in (known, *strangers, *streams):
            one.close()

    def stream(self, rng):
        """A TCP connection, one in two with a right check first."""
        connection = socket.create_connection(self.tcp, 5)
        if rng.random() < 0.5:
            connection.sendall(raw.frame(raw.check(self.targets[1], "evil", rng)))
        connection.setblocking(False)
        return connection

    def write(self, streams, rng, datagram):
        if not streams:
            streams.append(self.stream(rng))
        at = rng.randrange(len(streams))
        try:
            # Now and then a broken frame: no length, a wrong one, half of it.
            broken = rng.random()
            data = datagram if broken < 0.02 else raw.frame(datagram)[:-3] if broken < 0.04 else raw.frame(datagram)
            streams[at].send(data)
        except OSError:
            self.refused += 1
            streams[at].close()
            streams[at] = self.stream(rng)

    @staticmethod
    def drain(sockets):
        for one in sockets:
            try:
                while one.recv(2048):
                    pass
            except OSError:
                pass


def test_bad_input():
    """10,000 random and mutated datagrams of every protocol, before and during a call: it goes on, memory stays"""
    with Server("bad-input") as server, People(server) as people:
        worker, = server.workers()
        attacker = Attacker(server, people.room + "-attacker")
        attacker.attack(seed=1, count=1000)  # Warm: tables and allocator have their size now.
        before = resident(worker)
        attacker.attack(seed=2, count=COUNT)
        grown = resident(worker) - before
        assert server.workers() == [worker], "the worker died of bad input"
        assert dropped(server.media_port) < COUNT / 10, "the kernel kept most of it from the worker"
        report("bad input before a call: KiB grown", grown)
        assert grown <= GROWTH_KIB, f"{grown} KiB"

        anna, ben = people.join("Anna"), people.join("Ben")
        sees(anna, "Ben")
        sees(ben, "Anna")
        goes_on(anna, 60)
        connections = [page.eval("probe.connections.length") for page in people.pages]
        inside = Attacker(server, people.room)
        before, frames = resident(worker), anna.eval("probe.decoded()")
        inside.attack(seed=3, count=COUNT)
        grown = resident(worker) - before
        assert server.workers() == [worker], "the worker died of bad input"
        report("bad input during a call: KiB grown", grown)
        report("bad input during a call: frames decoded meanwhile", anna.eval("probe.decoded()") - frames)
        report("bad input: connections or datagrams refused", attacker.refused + inside.refused)
        assert grown <= GROWTH_IN_CALL_KIB, f"{grown} KiB"
        goes_on(anna)
        goes_on(ben)
        assert connections == [page.eval("probe.connections.length") for page in people.pages], "a page had to reconnect"
        for peer in (attacker.peer, inside.peer):
            peer.close()


def test_tcp_churn():
    """2,000 TCP connections that come and go leave no memory behind, and the port still serves"""
    with Server("tcp-churn") as server:
        worker, = server.workers()
        attacker = Attacker(server, "churn")
        rng = random.Random(4)

        def churn(count):
            for _ in range(count):
                attacker.stream(rng).close()

        churn(300)
        before = resident(worker)
        churn(2000)
        time.sleep(1)
        grown = resident(worker) - before
        report("TCP churn: KiB grown", grown)
        assert grown <= GROWTH_KIB, f"{grown} KiB"
        with socket.create_connection(attacker.tcp, 5) as connection:
            connection.sendall(raw.frame(raw.check(attacker.targets[1], "evil", rng)))
            assert connection.recv(2048)[2:4] == b"\x01\x01", "no answer to a right check over TCP"
        attacker.peer.close()
