# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""The browser library alone, without a server of ours: its modules' tests run inside Chromium."""
import functools
import http.server
import json
import pathlib
import threading
import urllib.parse

from chromium import Chromium

HERE = pathlib.Path(__file__).resolve().parent
FOLDERS = {"client": HERE.parents[1] / "Web" / "client", "app": HERE.parents[1] / "Web" / "app", "tests": HERE / "client"}


class Files(http.server.SimpleHTTPRequestHandler):
    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".js": "text/javascript"}

    def translate_path(self, path):
        _, top, *rest = pathlib.PurePosixPath(urllib.parse.urlsplit(path).path).parts + ("", "")
        folder = FOLDERS.get(top)
        return str(folder.joinpath(*rest)) if folder and ".." not in rest else "/nonexistent"

    def do_GET(self):
        if self.path != "/":
            return super().do_GET()
        page = b"<!doctype html><title>tests</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_):
        pass


def run_module(name):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with Chromium("--allow-loopback-in-peer-connection", "--disable-features=WebRtcHideLocalIpsWithMdns") as browser:
            page = browser.page(f"http://127.0.0.1:{server.server_address[1]}/")
            results = page.run(
                f"await import({json.dumps(f'/tests/{name}.test.js')});"
                "return (await import('/tests/harness.js')).runAll()", timeout=120)
    finally:
        server.shutdown()
        server.server_close()
    assert results, "no test was found"
    failed = [f"{result['title']}\n{result['error']}" for result in results if result["error"]]
    assert not failed, "\n\n".join([f"{len(failed)} of {len(results)} failed", *failed, *page.errors])
    print(f"    {len(results)} in {name}.test.js", flush=True)


def test_descriptions():
    """session descriptions are read and written"""
    run_module("sdp")


def test_negotiation():
    """capabilities are compared, parameters and encodings chosen"""
    run_module("negotiation")


def test_encodings():
    """pictures are sent in the sizes that suit them"""
    run_module("encodings")


def test_quality():
    """the page chooses layers by what its tiles show"""
    run_module("quality")


def test_signaling():
    """requests, notifications and reconnection over protoo's frames"""
    run_module("signaling")


def test_transports():
    """transports carry media to and from a plain peer connection"""
    run_module("transport")


def test_data_channels():
    """transports carry data to and from a plain peer connection"""
    run_module("data")


def test_chat_parts():
    """the page reads what others say, sign and send, within bounds"""
    run_module("chat")
