# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""Starts a real `swiftlet serve` on ports of its own."""
import os
import pathlib
import random
import signal
import socket
import ssl
import subprocess
import time
import urllib.request

BINARIES = pathlib.Path(os.environ.get("SWIFTLET_BIN", pathlib.Path(__file__).resolve().parents[2] / ".build/release"))
OUTPUT = pathlib.Path(os.environ.get("SWIFTLET_TEST_OUTPUT", "/tmp/swiftlet-test-output"))


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def free_media_port(workers):
    """The first of as many ports as there are workers, each free for UDP and TCP."""
    while True:
        first = random.randrange(20000, 32000)
        try:
            for port in range(first, first + workers):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    with socket.socket(socket.AF_INET, kind) as probe:
                        probe.bind(("0.0.0.0", port))
            return first
        except OSError:
            continue


class Server:
    """A running server; its log is kept with the tests' output."""

    def __init__(self, name, *flags, tls=False, media_port=None, workers=1):
        self.port = free_port()
        self.media_port = media_port or free_media_port(workers)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        OUTPUT.mkdir(parents=True, exist_ok=True)
        self.log_path = OUTPUT / f"server-{name}.log"
        self._log = open(self.log_path, "w")
        self.process = subprocess.Popen(
            [BINARIES / "swiftlet", "serve", "--port", str(self.port), "--media-port", str(self.media_port), "--workers",
             str(workers), *flags],
            stdout=self._log, stderr=subprocess.STDOUT, env=dict(os.environ, SWIFT_BACKTRACE="enable=no"))
        end = time.monotonic() + 20
        while True:
            try:
                self.get("/healthz")
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    self.close()
                    raise RuntimeError(f"the server did not start: {self.log()}") from None
                time.sleep(0.1)

    def get(self, path):
        context = ssl._create_unverified_context() if self.url.startswith("https") else None
        with urllib.request.urlopen(self.url + path, timeout=5, context=context) as answer:
            return answer.read()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def workers(self):
        """Process ids of the media workers."""
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        children = [int(pid) for pid in pathlib.Path(path).read_text().split()]
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            children += [int(pid) for pid in (task / "children").read_text().split()]
        return sorted({pid for pid in children if "swiftlet-worker" in pathlib.Path(f"/proc/{pid}/cmdline").read_text()})

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
