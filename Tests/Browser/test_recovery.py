# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""Processes die, start and end: the call survives what it can."""
import os
import pathlib
import signal
import socket
import statistics
import struct
import subprocess
import time

import support
from server import BINARIES, Server
from support import People, hears, report, sees


def test_worker_killed():
    """`kill -9` of a worker in mid-call: the pages come back by themselves, with video and sound"""
    with Server("worker-killed") as server, People(server) as people:
        anna, ben = people.join("Anna"), people.join("Ben")
        sees(anna, "Ben")
        sees(ben, "Anna")
        old = server.workers()
        assert len(old) == 1, old
        connections = {page: page.eval("probe.connections.length") for page in people.pages}
        start = time.monotonic()
        os.kill(old[0], signal.SIGKILL)
        for page in (anna, ben):
            page.wait(f"probe.connections.length > {connections[page]}", 20, f"{page.title} connects anew")
            support.joined(page, page.title)
        sees(anna, "Ben")
        sees(ben, "Anna")
        report("worker killed: seconds until both see each other again", round(time.monotonic() - start, 1))
        hears(anna, "Ben")
        new = server.workers()
        assert len(new) == 1 and new != old, (old, new)
        assert server.process.poll() is None


def test_killed_worker_leaves_the_other_alone():
    """With two workers, a room on the one that lives does not notice that the other is killed"""
    with Server("one-of-two", workers=2) as server:
        with People(server, "one") as one, People(server, "two") as two:
            pages = [one.join("Anna", audio=0), two.join("Ben", audio=0)]
            first, second = server.workers()
            connections = [page.eval("probe.connections.length") for page in pages]
            os.kill(first, signal.SIGKILL)
            hit = lambda: [page.eval("probe.connections.length") > count for page, count in zip(pages, connections)]
            end = time.monotonic() + 15
            while not any(hit()) and time.monotonic() < end:
                time.sleep(0.2)
            time.sleep(1)
            assert sorted(hit()) == [False, True], f"rooms hit by the loss of one worker of two: {hit()}"
            assert second in server.workers()
            for page in pages:
                support.joined(page, page.title)


def gone(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_host_killed():
    """`kill -9` of a host with two workers: both are gone within 1 s"""
    with Server("host-killed", workers=2) as server:
        workers = server.workers()
        assert len(workers) == 2, workers
        os.kill(server.process.pid, signal.SIGKILL)
        start = time.monotonic()
        while not all(gone(pid) for pid in workers):
            assert time.monotonic() - start < 1, f"still there after 1 s: {[p for p in workers if not gone(p)]}"
            time.sleep(0.005)
        report("host killed: milliseconds until both workers are gone", round((time.monotonic() - start) * 1000))


def start_worker():
    """Milliseconds from a worker's start to its answer to the first request, and of processor time until its end."""
    # Request { id = 1, start = Start { log_level = "error" } } behind four bytes of length, as worker.proto says.
    body = b"\x08\x01\x52\x07\x0a\x05error"
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(5)
        start = time.monotonic()
        process = subprocess.Popen([BINARIES / "swiftlet-worker"], stdin=theirs)
        theirs.close()
        ours.sendall(struct.pack(">I", len(body)) + body)
        answer = b""
        while b"\x0a\x04\x08\x01\x5a\x00" not in answer:  # FromWorker { reply { request_id = 1, done {} } }
            more = ours.recv(4096)
            assert more, f"the worker closed its channel after {answer!r}"
            answer += more
        took = time.monotonic() - start
    # Its channel is closed now: it ends, and says that all was well.
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return took * 1000, (usage.ru_utime + usage.ru_stime) * 1000


def test_worker_start():
    """A worker starts in under 50 ms: from the process's start to its answer to the first request, median of 20"""
    best = None
    # What else runs on the machine can only add: the best of up to five rounds counts.
    for _ in range(5):
        took, processor = zip(*(start_worker() for _ in range(20)))
        median = {"wall": round(statistics.median(took), 1), "processor": round(statistics.median(processor), 1)}
        best = min(best or median, median, key=lambda m: m["wall"])
        if best["wall"] < 50:
            break
    report("worker start, ms, median of 20", best)
    assert best["wall"] < 50, best


def test_graceful_shutdown():
    """SIGTERM ends server and workers within 5 s with status 0, in mid-call too"""
    with Server("sigterm") as server, People(server) as people:
        anna, ben = people.join("Anna"), people.join("Ben")
        sees(anna, "Ben")
        workers = server.workers()
        start = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(5) == 0
        report("SIGTERM: seconds until the end", round(time.monotonic() - start, 2))
        assert all(gone(pid) for pid in workers)
        ben.wait("document.querySelector('#connection-state')?.dataset.state !== 'connected'", 10, "the page says so")
