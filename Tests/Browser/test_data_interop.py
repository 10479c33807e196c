# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""Data channels with peers that know nothing of us: browsers' raw RTCPeerConnection, and aiortc's.

Every message goes through the engine, from a data producer to a data consumer, and comes back.
"""
import json
import pathlib
import subprocess
import time

from data_host import Host, answer
from firefox import Firefox
from relay import Relay, own_address
from server import free_port
from support import chromium, report
from test_aiortc import python

HERE = pathlib.Path(__file__).parent
SCRIPT = (HERE / "data_echo.js").read_text()
LOSS = 0.05
CHANNELS = {
    "negotiated": {"negotiated": True, "id": 0},
    "negotiated unordered": {"negotiated": True, "id": 7, "ordered": False},
    "in band": {"protocol": "test"},
    "in band unordered": {"ordered": False},
}
COUNT = 2500  # Messages on each of the four channels: 10,000 each way.


def told(host, kind, timeout=10, **wanted):
    """The event of this kind with these members, which may have come before."""
    end = time.monotonic() + timeout
    while True:
        for event in list(host.events):
            if event["event"] == kind and all(event.get(key) == value for key, value in wanted.items()):
                return event
        assert time.monotonic() < end, f"no {kind} with {wanted}: {host.events}"
        time.sleep(0.02)


def opened(host, label):
    """The event that told of an in-band channel."""
    return told(host, "dataChannelOpened", label=label)


def echo_again(peer, stream, timeout=10):
    """Echoes on a stream again once both sides have reset it, which takes a round trip and more under loss."""
    end = time.monotonic() + timeout
    while True:
        try:
            return peer.ask("negotiated", label="again", streamId=stream, ordered=True)
        except AssertionError as error:
            if "alreadyExists" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.1)


class Peer:
    """A page with a connection to a transport of its own, behind a relay that loses packets."""

    def __init__(self, page, host):
        self.page, self.host = page, host
        address, port = own_address(), free_port()
        self.relay = Relay(address, port, seed=4, loss=LOSS, delay=0.001)
        self.transport = host.transport(address, port)
        for name, options in CHANNELS.items():
            if options.get("negotiated"):
                self.ask("negotiated", label=name, streamId=options["id"], ordered=options.get("ordered", True))
        page.run(SCRIPT)
        offer = page.eval(f"dataEcho.offer({json.dumps(CHANNELS)})")
        assert host.connect(self.transport, offer) >= 262144
        page.eval(f"dataEcho.answer({json.dumps(answer(self.transport, offer))})")
        page.wait(f"dataEcho.isOpen(...{json.dumps(list(CHANNELS))})", 20, "all channels open")

    def ask(self, method, **parameters):
        return self.host.ask(method, transportId=self.transport["transportId"], **parameters)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            print("---", self.page.eval("JSON.stringify([dataEcho.progress?.(), dataEcho.channels()])"), flush=True)
            print("--- relay", self.relay.forwarded, self.relay.lost, self.ask("stats"), flush=True)
        self.page.eval("dataEcho.close()")
        self.relay.close()

    def echo(self, names, count, largest=262144, timeout=80):
        """Has so many messages echoed on each of these channels at once."""
        calls = ", ".join(
            f"dataEcho.echo({json.dumps(name)}, {{count: {count}, largest: {largest}, seed: {seed}}})"
            for seed, name in enumerate(names))
        return dict(zip(names, self.page.eval(f"Promise.all([{calls}])", timeout)))


def messages(page):
    """Everything that a raw browser can ask of data channels."""
    with Host() as host, Peer(page, host) as peer:
        assert page.eval("dataEcho.maxMessageSize()") == 262144
        for name, wanted in CHANNELS.items():
            if not wanted.get("negotiated"):
                event = opened(host, name)
                assert event["protocol"] == wanted.get("protocol", ""), event
                assert event["sctpStreamParameters"].get("ordered", True) == wanted.get("ordered", True), event

        start = time.monotonic()
        results = peer.echo(list(CHANNELS), COUNT)
        seconds = time.monotonic() - start
        for name, result in results.items():
            assert result["missing"] == 0, (name, result)
            assert result["inOrder"] or not CHANNELS[name].get("ordered", True), (name, result)
        total = sum(result["bytes"] for result in results.values())
        report(f"data channels of {page_name(page)} at {LOSS:.0%} loss", (
            f"{COUNT * len(CHANNELS)} messages and {total / 1e6:.1f} MB each way in {seconds:.1f} s"))

        # Opened by us in band, and echoed through the application by a direct transport.
        peer.ask("open", label="ours", ordered=True)
        page.wait("dataEcho.isOpen('ours')", 10, "the channel that we opened arrives")
        assert page.eval("dataEcho.channels().ours.id") % 2 == 1  # The DTLS server's are odd, RFC 8832 §6.
        result = peer.echo(["ours"], 200, largest=60000)["ours"]
        assert result["inOrder"] and result["missing"] == 0, result

        # What may get lost does, in part, and nothing waits for it.
        page.eval("dataEcho.add('lossy', {ordered: false, maxRetransmits: 0})")
        page.wait("dataEcho.isOpen('lossy')", 10)
        assert opened(host, "lossy")["sctpStreamParameters"]["maxRetransmits"] == 0
        lossy = page.eval("dataEcho.flood('lossy', {count: 1000, size: 100, interval: 4})")
        assert lossy["wrong"] == 0 and 600 < lossy["returned"] < 1000, lossy

        # A channel closes, and a new one takes its stream.
        stream = page.eval("dataEcho.channels()['in band'].id")
        page.eval("dataEcho.closeChannel('in band')")
        told(host, "dataChannelClosed", streamId=stream)
        echo_again(peer, stream)
        page.eval(f"dataEcho.add('again', {{negotiated: true, id: {stream}}})")
        page.wait("dataEcho.isOpen('again')", 10)
        result = peer.echo(["again"], 50, largest=1000)["again"]
        assert result["inOrder"] and result["missing"] == 0, result


def page_name(page):
    return "Firefox" if isinstance(page, Firefox) else "Chromium"


def test_chromium():
    """Chromium gets back what it sends on negotiated and in-band channels, 10,000 messages each way under 5 % loss"""
    page = chromium().page()
    try:
        messages(page)
    finally:
        page.close()


def test_firefox():
    """Firefox gets back what it sends on negotiated and in-band channels, 10,000 messages each way under 5 % loss"""
    # Behind the relay the server sees, and tells, a loopback address.
    with Firefox({"media.peerconnection.ice.loopback": True}) as firefox:
        messages(firefox)


def test_aiortc():
    """aiortc gets back what it sends, 6,000 messages each way under 5 % loss"""
    address, port = own_address(), free_port()
    with Host() as host, Relay(address, port, seed=5, loss=LOSS) as relay:
        transport = host.transport(address, port)
        host.ask("negotiated", transportId=transport["transportId"], label="negotiated", streamId=0, ordered=True)
        process = subprocess.Popen(
            [python(), HERE / "aiortc_data.py", "2000", "65536"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        try:
            offer = json.loads(process.stdout.readline())["offer"]
            host.connect(transport, offer)
            out, error = process.communicate(json.dumps({"answer": answer(transport, offer)}) + "\n", timeout=100)
        finally:
            process.kill()
            process.wait()
        assert process.returncode == 0 and out, f"status {process.returncode}: {error[-3000:]}"
        results = json.loads(out.splitlines()[-1])
        for name, result in results.items():
            assert result["same"] and result["sent"] == result["returned"] == 2000, (name, result, relay.lost)
            assert result["inOrder"] or "unordered" in name, (name, result)
        assert opened(host, "in-band")["protocol"] == "test"
        assert opened(host, "in-band unordered")["sctpStreamParameters"]["ordered"] is False
