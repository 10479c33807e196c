# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""The media path breaks for a while, the signalling stays: the call mends itself."""
import time

from relay import Relay, own_address
from server import Server, free_media_port
from support import People, goes_on, joined, report, sees

STATE = "document.querySelector('#connection-state').dataset.state"
CONNECTIONS = "probe.connections.length"


def broken(people, relay, extra):
    """Breaks every path until both pages say so and `extra` seconds more."""
    relay.loss = 1.0
    for page in people.pages:
        page.wait(f"{STATE} === 'reconnecting'", 30, f"{page.title} notices")
    time.sleep(extra)
    relay.loss = 0.0
    start = time.monotonic()
    for page in people.pages:
        joined(page, page.title, 40)
        goes_on(page, 10, 30)
    return round(time.monotonic() - start, 1)


def test_breaks():
    """A short break is mended by an ICE restart on the same connections, a long one by joining anew"""
    host, port = own_address(), free_media_port(1)
    flags = ("--media-address", "127.0.0.1", "--announced-address", host)
    with Relay(host, port) as relay, Server("breaks", *flags, media_port=port) as server, People(server) as people:
        anna, ben = people.join("Anna"), people.join("Ben")
        sees(anna, "Ben")
        sees(ben, "Anna")
        before = [page.eval(CONNECTIONS) for page in people.pages]
        report("short break: seconds until video goes on", broken(people, relay, 2))
        assert [page.eval(CONNECTIONS) for page in people.pages] == before, "a short break needs no new connections"
        report("long break: seconds until video goes on", broken(people, relay, 14))
        assert all(page.eval(CONNECTIONS) > count for page, count in zip(people.pages, before))
        sees(anna, "Ben")
        sees(ben, "Anna")
