# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""Calls over other paths: TCP, TLS, and a network that loses and delays."""
from relay import Relay, own_address
from server import Server, free_media_port
from support import People, goes_on, hears, report, sees

PAIRS = """
    const found = [];
    for (const connection of probe.connections) {
      if (connection.connectionState !== 'connected') continue;
      const stats = await connection.getStats();
      stats.forEach((report) => {
        if (report.type !== 'transport' || !report.selectedCandidatePairId) return;
        const pair = stats.get(report.selectedCandidatePairId);
        found.push(stats.get(pair.remoteCandidateId).protocol);
      });
    }
    return found;"""


def test_tcp():
    """A call over TCP alone, when the page asks for it; UDP otherwise"""
    with People() as people:
        anna = people.join("Anna", forceTcp=1)
        ben = people.join("Ben")
        for page, other in ((anna, "Ben"), (ben, "Anna")):
            sees(page, other)
            hears(page, other)
        tcp, udp = anna.run(PAIRS), ben.run(PAIRS)
        assert tcp and set(tcp) == {"tcp"}, tcp
        assert udp and set(udp) == {"udp"}, udp


def test_tls():
    """A call with a page from an https server with a certificate of its own making"""
    with Server("tls", "--tls-self-signed", tls=True) as server, People(server) as people:
        def join(name):
            page = people.blank(name)
            page.send("Security.setIgnoreCertificateErrors", {"ignore": True})
            return people.enter(page, name)

        anna, ben = join("Anna"), join("Ben")
        assert anna.eval("location.protocol + isSecureContext") == "https:true"
        sees(anna, "Ben")
        sees(ben, "Anna")


def test_impaired():
    """Video goes on over a path that loses 10 % and delays 30 ms each way"""
    host, port = own_address(), free_media_port(1)
    flags = ("--media-address", "127.0.0.1", "--announced-address", host)
    with Relay(host, port, loss=0.1, delay=0.03, seed=7) as relay, \
            Server("impaired", *flags, media_port=port) as server, People(server) as people:
        anna, ben = people.join("Anna"), people.join("Ben")
        sees(anna, "Ben", timeout=30)
        sees(ben, "Anna", timeout=30)
        for _ in range(3):
            goes_on(anna, 45, 20)
            goes_on(ben, 15, 20)
        hears(anna, "Ben")
        inbound = anna.eval("probe.reports('inbound-rtp', 'video')")[0]
        numbers = ("framesDecoded", "freezeCount", "totalFreezesDuration", "nackCount", "pliCount", "packetsLost",
                   "retransmittedPacketsReceived")
        report("impaired, Anna receives", {key: inbound.get(key) for key in numbers})
        outbound = anna.eval("probe.reports('outbound-rtp', 'video')")[0]
        numbers = ("nackCount", "pliCount", "retransmittedPacketsSent", "framesSent")
        report("impaired, Anna sends", {key: outbound.get(key) for key in numbers})
        # The relay was really in the path, and recovery really happened, both ways.
        assert relay.lost > 50 and relay.forwarded > 500, (relay.lost, relay.forwarded)
        assert inbound["nackCount"] > 0 and outbound["nackCount"] > 0
        assert inbound.get("retransmittedPacketsReceived", 1) > 0
