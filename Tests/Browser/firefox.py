# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""Drives Firefox over Marionette, with the standard library alone."""
import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from chromium import BrowserError, wait

EXECUTABLE = "/usr/lib/firefox-esr/firefox-esr"
PREFERENCES = {
    # Fake devices, and no question for permission.
    "media.navigator.streams.fake": True, "media.navigator.permission.disabled": True, "media.autoplay.default": 0,
    # Nothing is fetched or reported.
    "media.gmp-provider.enabled": False, "media.gmp-manager.updateEnabled": False, "app.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False, "toolkit.telemetry.enabled": False,
    "browser.shell.checkDefaultBrowser": False, "browser.aboutwelcome.enabled": False, "browser.startup.page": 0,
    "network.captive-portal-service.enabled": False, "network.connectivity-service.enabled": False,
    "services.settings.server": "http://127.0.0.1:1/", "extensions.update.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    # Background pages are not throttled.
    "dom.min_background_timeout_value": 4, "dom.timeout.enable_budget_timer_throttling": False,
    "remote.prefs.recommended": True,
}


class Firefox:
    """One browser process with one page and a profile of its own, thrown away at the end."""

    name = "firefox"

    def __init__(self, preferences=None):
        self.profile = tempfile.mkdtemp(prefix="swiftlet-firefox-")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with open(f"{self.profile}/user.js", "w") as file:
            for key, value in {**PREFERENCES, "marionette.port": port, **(preferences or {})}.items():
                file.write(f"user_pref({json.dumps(key)}, {json.dumps(value)});\n")
        self.process = subprocess.Popen(
            [EXECUTABLE, "--headless", "--no-remote", "--marionette", "--profile", self.profile],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            env=dict(os.environ, MOZ_HEADLESS="1", HOME=self.profile))
        end = time.monotonic() + 60
        while True:
            try:
                self._socket = socket.create_connection(("127.0.0.1", port), 1)
                break
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    self.close()
                    raise BrowserError("Firefox did not start") from None
                time.sleep(0.1)
        self._socket.settimeout(60)
        self._buffer = b""
        self._next = 0
        self._receive()
        capabilities = {"alwaysMatch": {"acceptInsecureCerts": True}}
        self.version = self.send("WebDriver:NewSession", {"capabilities": capabilities})["capabilities"]["browserVersion"]
        self.console, self.errors = [], []

    def send(self, name, params=None):
        self._next += 1
        data = json.dumps([0, self._next, name, params or {}]).encode()
        self._socket.sendall(str(len(data)).encode() + b":" + data)
        _, _, error, result = self._receive()
        if error:
            raise BrowserError(f"{name}: {error.get('message')}")
        return result

    def page(self, url=None, **_):
        if url:
            self.goto(url)
        return self

    def goto(self, url):
        self.send("WebDriver:Navigate", {"url": url})

    def reload(self):
        self.send("WebDriver:Refresh")

    def eval(self, expression, timeout=30):
        """The value of an expression in the page; a promise's is waited for."""
        return self.run(f"return ({expression})", timeout)

    def run(self, body, timeout=30):
        """Runs the body of an async function in the page and returns its value."""
        script = (
            "const done = arguments[arguments.length - 1];"
            "(async () => {" + body + "})().then("
            "value => done({value: value === undefined ? null : JSON.parse(JSON.stringify(value))}),"
            "error => done({error: String(error) + '\\n' + (error.stack || '')}));")
        result = self.send(
            "WebDriver:ExecuteAsyncScript",
            {"script": script, "args": [], "scriptTimeout": timeout * 1000, "sandbox": None, "newSandbox": False})["value"]
        if "error" in result:
            raise BrowserError(result["error"])
        return result["value"]

    def wait(self, condition, timeout=15, why=None):
        """Waits until an expression is true in the page; returns its value."""
        return wait(self, condition, timeout, why)

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.send("WebDriver:TakeScreenshot", {"full": False})["value"]))

    def close(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _receive(self):
        while b":" not in self._buffer:
            self._more()
        length, self._buffer = self._buffer.split(b":", 1)
        length = int(length)
        while len(self._buffer) < length:
            self._more()
        message, self._buffer = self._buffer[:length], self._buffer[length:]
        return json.loads(message)

    def _more(self):
        data = self._socket.recv(1 << 20)
        if not data:
            raise BrowserError("Firefox closed its connection")
        self._buffer += data
