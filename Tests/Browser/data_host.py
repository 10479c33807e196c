# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""The program DataEcho, which makes transports for raw peers and echoes their messages, and a peer's half of the SDP."""
import itertools
import json
import os
import queue
import re
import subprocess
import threading

from server import BINARIES


class Host:
    """One process; its events are kept by kind until asked for."""

    def __init__(self):
        self.process = subprocess.Popen(
            [str(BINARIES / "DataEcho")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=dict(os.environ, SWIFTLET_WORKER=str(BINARIES / "swiftlet-worker")))
        self._numbers = itertools.count(1)
        self._answers, self.events = {}, []
        self._lock = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask(self, method, **parameters):
        number = next(self._numbers)
        answer = self._answers[number] = queue.Queue()
        with self._lock:
            self.process.stdin.write(json.dumps({"id": number, "method": method, **parameters}) + "\n")
            self.process.stdin.flush()
        told = answer.get(timeout=20)
        assert "error" not in told, f"{method}: {told['error']}"
        return told

    def _read(self):
        for line in self.process.stdout:
            told = json.loads(line)
            if "event" in told:
                self.events.append(told)
            else:
                self._answers.pop(told["id"]).put(told)
        for waiting in list(self._answers.values()):
            waiting.put({"error": "DataEcho is gone"})

    def transport(self, announced, port, **more):
        """A transport on 127.0.0.1:`port` that says it is at `announced`."""
        return self.ask("transport", announced=announced, port=port, **more)

    def connect(self, transport, offer):
        """Tells a transport of the peer that made the offer; the peer is the DTLS client."""
        algorithm, value = re.search(r"^a=fingerprint:(\S+) (\S+)", offer, re.M).groups()
        limit = re.search(r"^a=max-message-size:(\d+)", offer, re.M)
        self.ask("connect", transportId=transport["transportId"], fingerprint={"algorithm": algorithm, "value": value})
        return int(limit[1]) if limit else 65536


def answer(transport, offer):
    """The answer to a peer's offer of data channels."""
    fingerprint = next(f for f in transport["dtlsParameters"]["fingerprints"] if f["algorithm"] == "sha-256")
    ice, sctp = transport["iceParameters"], transport["sctpParameters"]
    mid = re.search(r"^a=mid:(\S+)", offer, re.M)[1]
    lines = [
        "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=ice-lite", f"a=group:BUNDLE {mid}",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", f"a=mid:{mid}",
        f"a=ice-ufrag:{ice['usernameFragment']}", f"a=ice-pwd:{ice['password']}",
        f"a=fingerprint:{fingerprint['algorithm']} {fingerprint['value']}", "a=setup:passive",
        f"a=sctp-port:{sctp['port']}", f"a=max-message-size:{sctp['maxMessageSize']}",
    ]
    for candidate in transport["iceCandidates"]:
        address = candidate.get("address") or candidate["ip"]
        lines.append(
            f"a=candidate:{candidate['foundation']} 1 udp {candidate['priority']} {address} {candidate['port']} typ host")
    return "\r\n".join([*lines, "a=end-of-candidates", ""])
