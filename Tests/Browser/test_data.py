# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""Data channels of the client library through the real server: Chromium and Firefox send and receive messages."""
import functools
import http.server
import json
import threading
import time

import support
from firefox import Firefox
from server import Server
from support import report
from test_client import Files

SIZES = (0, 1, 100, 1_200, 16_384, 65_535, 262_144)
MESSAGES = [(kind, size) for size in SIZES for kind in ("text", "binary")]


class Stage:
    """A server, a page of plain modules that may talk to it, and the peers of one room."""

    def __init__(self, name):
        self._files = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files))
        threading.Thread(target=self._files.serve_forever, daemon=True).start()
        self.origin = f"http://127.0.0.1:{self._files.server_address[1]}"
        self.server = Server(f"data-{name}", "--allow-origin", self.origin)
        self.room, self.pages = support.room(), []

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for page in self.pages:
            if kind is not None:
                print(f"--- {page.title}: {page.errors} {page.console[-10:]}", flush=True)
                print(page.eval("JSON.stringify([window.peer?.states, Object.entries(window.peer?.received ?? {})"
                                ".map(([label, list]) => [label, list.length]), window.peer?.notifications.slice(-5)])"))
            if page.browser_owner is None:
                page.close()
        self.server.close()
        self._files.shutdown()
        self._files.server_close()

    def peer(self, name, browser=None, **options):
        """A page with `peer`, joined; in a Chromium that is shared, or in the browser given."""
        page = (browser or support.chromium()).page()
        page.title, page.browser_owner = name, browser
        self.pages.append(page)
        page.goto(f"{self.origin}/")
        page.run("document.head.append(Object.assign(document.createElement('script'),"
                 " {type: 'module', src: '/tests/datapeer.js'}))")
        page.wait("!!window.DataPeer")
        given = ", ".join(json.dumps(value) for value in (self.server.url, self.room, name, options))
        page.run(f"window.peer = await DataPeer.join({given})")
        return page


def produce(page, label, **options):
    return page.run(f"return peer.produce({json.dumps(label)}, {json.dumps(options)})")


def send(page, label, messages, seed=0):
    return page.run(f"return peer.send({json.dumps(label)}, {json.dumps(messages)}, {seed})", timeout=60)


def consumes(page, label, timeout=15):
    page.wait(f"peer.consumers['{label}']?.readyState === 'open'", timeout, f"{page.title} has the channel {label}")


def receives(page, label, sent, is_ordered=True, timeout=30):
    """`page` has got exactly these messages on a channel."""
    page.wait(f"peer.count('{label}') >= {len(sent)}", timeout, f"{page.title} gets {len(sent)} messages on {label}")
    got = page.eval(f"peer.received['{label}']")
    if not is_ordered:
        got, sent = sorted(got), sorted(sent)
    assert got == sent, f"{page.title}, {label}: {[pair for pair in zip(got, sent) if pair[0] != pair[1]][:3]}, {len(got)} of {len(sent)}"


def exchange(first, second):
    """Both send messages of all sizes to the other, in order and without."""
    for sender, receiver in ((first, second), (second, first)):
        name = sender.title
        assert produce(sender, f"{name} ordered")["ordered"] is True
        unordered = produce(sender, f"{name} unordered", ordered=False)
        assert unordered["ordered"] is False and "maxRetransmits" not in unordered, unordered
        for label in (f"{name} ordered", f"{name} unordered"):
            consumes(receiver, label)
        start = time.monotonic()
        ordered = send(sender, f"{name} ordered", MESSAGES, 100)
        others = send(sender, f"{name} unordered", MESSAGES, 500)
        receives(receiver, f"{name} ordered", ordered)
        receives(receiver, f"{name} unordered", others, is_ordered=False)
        report(f"data: seconds for {2 * len(MESSAGES)} messages up to 256 kB, {name} to {receiver.title}", round(time.monotonic() - start, 2))
        lossy = produce(sender, f"{name} lossy", maxRetransmits=0)
        assert lossy == {"streamId": lossy["streamId"], "ordered": False, "maxRetransmits": 0}, lossy
        consumes(receiver, f"{name} lossy")
        many = send(sender, f"{name} lossy", [("text", 200)] * 50, 900)
        receiver.wait(f"peer.count('{name} lossy') > 25", 10, "most unreliable messages arrive over a path without loss")
        assert set(receiver.eval(f"peer.received['{name} lossy']")) <= set(many)


def test_chromium():
    """Chromium sends messages of 0 bytes to 256 kB, text and binary, ordered and not, to Chromium"""
    with Stage("chromium") as stage:
        exchange(stage.peer("Anna"), stage.peer("Ben"))


def test_firefox():
    """Firefox and Chromium send each other messages of 0 bytes to 256 kB, text and binary, ordered and not"""
    with Firefox() as firefox, Stage("firefox") as stage:
        exchange(stage.peer("Fiona", firefox), stage.peer("Anna"))


def test_closing():
    """A consumer or a producer that closes leaves the others and later channels alone"""
    with Stage("closing") as stage:
        anna, ben, clara = (stage.peer(name) for name in ("Anna", "Ben", "Clara"))
        produce(anna, "one")
        produce(anna, "two")
        for page in (ben, clara):
            consumes(page, "one")
            consumes(page, "two")
        first = send(anna, "one", [("text", 10)])
        for page in (ben, clara):
            receives(page, "one", first)
        # One who receives closes the channel at their end.
        ben.run("peer.consumers.one.close()")
        more = send(anna, "one", [("text", 20), ("binary", 5000)], 7)
        other = send(anna, "two", [("binary", 70_000)], 9)
        receives(clara, "one", first + more)
        for page in (ben, clara):
            receives(page, "two", other)
        assert ben.eval("peer.count('one')") == 1, "what was closed is silent"
        # The sender closes, and tells the server, which may know it from the channel already.
        anna.run("const producer = peer.producers.two; producer.close();"
                 "await peer.request('closeDataProducer', {dataProducerId: producer.id})")
        for page in (ben, clara):
            page.wait("peer.consumers.two.closed", 10, f"{page.title} hears that the channel was closed")
            page.wait("peer.notifications.some(({method}) => method === 'dataConsumerClosed')", 10)
            page.wait("peer.consumers.two.readyState === 'closed'", 10, "the stream is closed at both ends")
        # New channels come, perhaps on the streams of the old ones.
        for number in range(3):
            produce(anna, f"new {number}")
            sent = send(anna, f"new {number}", MESSAGES[:6], number)
            for page in (ben, clara):
                consumes(page, f"new {number}")
                receives(page, f"new {number}", sent)
        more += send(anna, "one", [("text", 30)], 11)
        receives(clara, "one", first + more)
        # Who leaves takes their channels along.
        anna.run("peer.close()")
        for page in (ben, clara):
            page.wait("['new 0', 'new 1', 'new 2'].every((label) => peer.consumers[label].closed)", 15, "Anna's channels end")


def test_ice_restart():
    """Channels stay, and lose nothing, through an ICE restart"""
    with Stage("restart") as stage:
        anna, ben = stage.peer("Anna"), stage.peer("Ben")
        produce(anna, "stay")
        consumes(ben, "stay")
        sent = send(anna, "stay", [("text", 1000)] * 20)
        for round_ in (1, 2):
            # In the middle of what is being sent.
            anna.run(f"window.going = peer.send('stay', Array(60).fill(['binary', 20000]), {1000 * round_})")
            anna.run("await peer.restartIce()")
            ben.run("await peer.restartIce()")
            sent += anna.run("return window.going", timeout=60)
            sent += send(anna, "stay", [("text", 50)], 50 * round_)
            receives(ben, "stay", sent)
        for page in (anna, ben):
            page.wait("peer.states.filter(Boolean).some((state) => state === 'connected')", 10)
        assert anna.eval("peer.producers.stay.readyState") == "open" and not ben.eval("peer.consumers.stay.closed")


def test_refusals():
    """What the server takes no data channel for, it says, and the transport stays of use"""
    with Stage("refusals") as stage:
        anna, ben = stage.peer("Anna"), stage.peer("Ben")
        produce(anna, "good")
        too_long = anna.run("try { peer.producers.good.send(new ArrayBuffer(262145)); } catch (error) { return error.name; }")
        assert too_long is not None, "a message longer than the server takes is refused here"
        refused = anna.run(
            "try { await peer.request('produceData', {transportId: 'none', sctpStreamParameters: {streamId: 1}, label: 'x'}); }"
            " catch (error) { return [error.name, error.code]; }")
        assert refused == ["RequestError", 404], refused
        produce(anna, "another")
        consumes(ben, "another")
        receives(ben, "another", send(anna, "another", [("text", 5)]))
