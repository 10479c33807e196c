#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0

"""Starts Janus with one streaming mount point and signals to it for the viewers of `swiftlet-bench peers`.

usage: janus.py SWIFTLET-BENCH VIEWERS
"""

import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

# What Janus loads beside these is none of the benchmark's business.
PLUGIN, TRANSPORT = "libjanus_streaming.so", "libjanus_http.so"


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def others(folder, wanted):
    found = sorted({re.sub(r"\.so\..*", ".so", one.name) for one in folder.glob("*.so*")})
    return ",".join(name for name in found if name != wanted)


class Janus:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.http = free_port(socket.SOCK_STREAM)
        self.rtp = free_port(socket.SOCK_DGRAM)
        self.base = f"http://127.0.0.1:{self.http}/janus"
        library = next(iter(pathlib.Path("/usr/lib").glob("*/janus")))
        self.write(
            "janus",
            f'general: {{ configs_folder = "{folder}"; debug_level = 3; session_timeout = 300; }}\n'
            "nat: { ice_lite = true; full_trickle = false; }\n"
            f'plugins: {{ disable = "{others(library / "plugins", PLUGIN)}"; }}\n'
            f'transports: {{ disable = "{others(library / "transports", TRANSPORT)}"; }}\n',
        )
        self.write(
            "janus.transport.http",
            f'general: {{ json = "compact"; base_path = "/janus"; http = true; port = {self.http}; ip = "127.0.0.1"; '
            "https = false; }\nadmin: { admin_http = false; admin_https = false; }\n",
        )
        self.write(
            "janus.plugin.streaming",
            'bench: { type = "rtp"; id = 1; description = "bench"; media = ( { type = "video"; mid = "v"; label = "v"; '
            f'port = {self.rtp}; pt = 96; codec = "vp8"; }} ) }}\n',
        )
        # On the processor of the forwarders, before other processes, as ours is.
        prefix = ["chrt", "-r", "1", "taskset", "-c", "1"]
        self.log = open(self.folder / "log", "w")
        shim = self.folder / "any_interface.so"
        source = pathlib.Path(__file__).parent / "any_interface.c"
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", shim, source], check=True)
        self.process = subprocess.Popen(
            prefix + ["env", f"LD_PRELOAD={shim}", "janus", "-C", str(self.folder / "janus.jcfg"), "-F", folder],
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    def write(self, name, text):
        (self.folder / f"{name}.jcfg").write_text(text)

    def post(self, path, **body):
        body["transaction"] = "bench"
        request = urllib.request.Request(
            self.base + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def wait(self):
        for _ in range(100):
            try:
                with urllib.request.urlopen(self.base + "/info", timeout=1):
                    return
            except OSError:
                time.sleep(0.1)
        sys.exit(f"Janus did not start:\n{(self.folder / 'log').read_text()[-2000:]}")

    def event(self, session):
        with urllib.request.urlopen(f"{self.base}/{session}?maxev=1", timeout=40) as answer:
            return json.load(answer)

    def view(self, own, user, password):
        """Asks for the stream, and answers the offer; returns where to connect and with what."""
        session = self.post("", janus="create")["data"]["id"]
        handle = self.post(f"/{session}", janus="attach", plugin="janus.plugin.streaming")["data"]["id"]
        path = f"/{session}/{handle}"
        self.post(path, janus="message", body={"request": "watch", "id": 1})
        event = self.event(session)
        while "jsep" not in event:
            event = self.event(session)
        offer = event["jsep"]["sdp"]
        find = lambda pattern: re.search(pattern, offer, re.MULTILINE).group(1)
        media = find(r"^(m=video .*)$").strip()
        answer = [
            "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE v",
            media.replace(" 97", ""), "c=IN IP4 127.0.0.1", "a=recvonly", "a=mid:v", "a=rtcp-mux",
            f"a=ice-ufrag:{user}", f"a=ice-pwd:{password}", f"a=fingerprint:sha-256 {own}", "a=setup:active",
            "a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 nack", "a=rtcp-fb:96 nack pli", "a=end-of-candidates",
        ]
        jsep = {"type": "answer", "sdp": "\r\n".join(answer) + "\r\n"}
        self.post(path, janus="message", body={"request": "start"}, jsep=jsep)
        address, port = re.search(r"^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host", offer, re.MULTILINE | re.I).groups()
        words = [find(rf"^a={name}(\S+)") for name in ("ice-ufrag:", "ice-pwd:", "fingerprint:sha-256 ")]
        return " ".join([address, port] + words)


def main(program, viewers):
    for tool in ("janus", "taskset", "chrt"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is not there: apt-get install janus util-linux")
    with tempfile.TemporaryDirectory() as folder:
        janus = Janus(folder)
        try:
            janus.wait()
            bench = subprocess.Popen(
                [program, "peers", str(viewers), str(janus.process.pid), str(janus.rtp)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            own = bench.stdout.readline().split()[1]
            people = [bench.stdout.readline().split() for _ in range(viewers)]
            for user, password in people:
                bench.stdin.write(janus.view(own, user, password) + "\n")
                bench.stdin.flush()
            for line in bench.stdout:
                print(line, end="", flush=True)
            code = bench.wait()
        finally:
            janus.process.terminate()
            janus.process.wait()
        if code:
            sys.exit(f"{(pathlib.Path(folder) / 'log').read_text()[-2000:]}")


main(sys.argv[1], int(sys.argv[2]))
