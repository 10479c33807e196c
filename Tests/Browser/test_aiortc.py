# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""aiortc takes part: another ICE, DTLS and RTP stack, and a peer without SDP."""
import json
import os
import pathlib
import subprocess
import time

import support
from support import People, goes_on, hears, report, sees

HERE = pathlib.Path(__file__).parent


def python():
    """The Python that has aiortc, as Scripts/setup made it."""
    cache = pathlib.Path(os.environ.get("SWIFTLET_CACHE", pathlib.Path.home() / ".cache/swiftlet"))
    found = [path for path in sorted(cache.glob("venv-*"), key=os.path.getmtime) if (path / "ready").exists()]
    if not found:
        raise support.Skip(f"no aiortc under {cache}: run Scripts/setup test")
    return found[-1] / "bin/python"


class Aiortc:
    """The peer in a process of its own; it ends when asked for its result."""

    def __init__(self, people, name, *more):
        command = [python(), HERE / "aiortc_peer.py", people.server.port, people.room, name, *more]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([*map(str, command)], stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process.returncode is None:
            self.process.kill()
            error = self.process.communicate()[1]
            if kind is not None:
                print(f"--- aiortc: {error[-3000:]}", flush=True)

    def result(self, timeout=60):
        out, error = self.process.communicate(timeout=timeout)
        assert self.process.returncode == 0 and out, f"status {self.process.returncode}: {error[-3000:]}"
        return json.loads(out.splitlines()[-1])


def test_aiortc():
    """An aiortc peer sends to Chromium and receives from it"""
    with People() as people:
        anna = people.join("Anna")
        with Aiortc(people, "Ada") as ada:
            sees(anna, "Ada")
            hears(anna, "Ada")
            assert anna.eval("probe.see('Ada').width") == 320
            time.sleep(2)
            result = ada.result()
        report("aiortc's SRTP profile", result["profile"])
        assert result["states"] == ["connected", "connected"], result
        streams = {stream["kind"]: stream for stream in result["received"].values()}
        assert streams["video"]["frames"] > 30 and streams["video"]["level"] > 20, streams
        own = anna.eval("probe.picture(document.querySelector('.tile.self video'))")
        assert streams["video"]["size"] == [own["width"], own["height"]], (streams, own)
        assert streams["audio"]["frames"] > 100 and streams["audio"]["level"] > 0.01, streams
        anna.wait("probe.tiles().length === 0", 20, "Ada's tile goes")


def test_authenticated_bad_input():
    """A peer with right keys sends broken RTP and RTCP: the call of the others goes on, on the same worker"""
    with People() as people:
        workers = people.server.workers()
        anna, ben = people.join("Anna", audio=0), people.join("Ben", audio=0)
        sees(anna, "Ben")
        connections = anna.eval("probe.connections.length")
        with Aiortc(people, "Mallory", "hostile") as mallory:
            result = mallory.result()
            report("authenticated bad input: packets", result["attacked"])
            assert result["attacked"] > 2000, result
        goes_on(anna, 30)
        goes_on(ben, 30)
        assert people.server.workers() == workers
        assert anna.eval("probe.connections.length") == connections
