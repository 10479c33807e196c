# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""Drives Chromium over --remote-debugging-pipe, with the standard library alone."""
import base64
import fcntl
import json
import os
import queue
import shutil
import signal
import tempfile
import threading
import time

EXECUTABLE = "/usr/lib/chromium/chromium"
FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--no-default-browser-check", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-default-apps", "--disable-extensions", "--mute-audio", "--hide-scrollbars", "--window-size=1100,760",
    # Fake devices at a steady rate, and the question for permission answered with yes.
    "--use-fake-device-for-media-stream=fps=30", "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    # Several pages in one browser: background ones must not be throttled.
    "--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding", "--disable-features=Translate,MediaRouter,OptimizationHints",
    "--remote-debugging-pipe",
]


class BrowserError(Exception):
    pass


class Chromium:
    """One browser process with a profile of its own, thrown away at the end."""

    name = "chromium"

    def __init__(self, *flags, log=os.devnull):
        self.profile = tempfile.mkdtemp(prefix="swiftlet-chromium-")
        commands_in, commands_out = os.pipe()
        answers_in, answers_out = os.pipe()
        # The browser reads descriptor 3 and writes 4: keep ours out of that range.
        high = lambda descriptor: fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 50)
        child_in, child_out = high(commands_in), high(answers_out)
        os.close(commands_in)
        os.close(answers_out)
        opened = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        child_log = high(opened)
        os.close(opened)
        arguments = [EXECUTABLE, *FLAGS, f"--user-data-dir={self.profile}", *flags, "about:blank"]
        self.pid = os.posix_spawn(
            EXECUTABLE, arguments, dict(os.environ, LANG="C.UTF-8"), setpgroup=0,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, child_in, 3), (os.POSIX_SPAWN_DUP2, child_out, 4),
                (os.POSIX_SPAWN_DUP2, child_log, 1), (os.POSIX_SPAWN_DUP2, child_log, 2),
            ],
        )
        for descriptor in (child_in, child_out, child_log):
            os.close(descriptor)
        self._commands = os.fdopen(commands_out, "wb", buffering=0)
        self._answers = answers_in
        self._lock = threading.Lock()
        self._next = 0
        self._waiting = {}
        self._pages = {}
        threading.Thread(target=self._read, daemon=True).start()
        self.version = self.send("Browser.getVersion", timeout=30)["product"]

    def send(self, method, params=None, session=None, timeout=30):
        with self._lock:
            self._next += 1
            number = self._next
            answer = self._waiting[number] = queue.Queue()
            message = {"id": number, "method": method, "params": params or {}}
            if session:
                message["sessionId"] = session
            self._commands.write(json.dumps(message).encode() + b"\0")
        try:
            result = answer.get(timeout=timeout)
        except queue.Empty:
            raise BrowserError(f"{method}: no answer in {timeout} s") from None
        if "error" in result:
            raise BrowserError(f"{method}: {result['error']}")
        return result["result"]

    def page(self, url=None, width=None, height=None, dark=None, new_context=False):
        """Opens a page in a window of its own."""
        params = {"url": "about:blank", "newWindow": True}
        if new_context:
            params["browserContextId"] = self.send("Target.createBrowserContext")["browserContextId"]
        target = self.send("Target.createTarget", params)["targetId"]
        session = self.send("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = self._pages[session] = Page(self, target, session)
        for domain in ("Page", "Runtime", "Log"):
            page.send(f"{domain}.enable")
        if width:
            metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
            page.send("Emulation.setDeviceMetricsOverride", metrics)
        if dark is not None:
            feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
            page.send("Emulation.setEmulatedMedia", {"features": [feature]})
        if url:
            page.goto(url)
        return page

    def close(self):
        try:
            os.killpg(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        shutil.rmtree(self.profile, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _read(self):
        pending = b""
        while True:
            try:
                chunk = os.read(self._answers, 1 << 20)
            except OSError:
                chunk = b""
            if not chunk:
                break
            *messages, pending = (pending + chunk).split(b"\0")
            for message in messages:
                self._dispatch(json.loads(message))
        for waiting in list(self._waiting.values()):
            waiting.put({"error": "the browser is gone"})

    def _dispatch(self, message):
        if "id" in message:
            waiting = self._waiting.pop(message["id"], None)
            if waiting:
                waiting.put(message)
        elif message.get("sessionId") in self._pages:
            self._pages[message["sessionId"]].event(message["method"], message["params"])


class Page:
    """One page; ``console`` holds what it wrote, ``errors`` what it threw."""

    def __init__(self, browser, target, session):
        self.browser, self.target, self.session = browser, target, session
        self.console, self.errors = [], []
        self._loaded = threading.Event()

    def send(self, method, params=None, timeout=30):
        return self.browser.send(method, params, self.session, timeout)

    def event(self, method, params):
        if method == "Runtime.consoleAPICalled":
            text = " ".join(str(a.get("value", a.get("description", a.get("type")))) for a in params["args"])
            self.console.append(f"{params['type']}: {text}")
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Page.loadEventFired":
            self._loaded.set()

    def goto(self, url, timeout=30):
        self._loaded.clear()
        result = self.send("Page.navigate", {"url": url}, timeout)
        if result.get("errorText"):
            raise BrowserError(f"{url}: {result['errorText']}")
        if not self._loaded.wait(timeout):
            raise BrowserError(f"{url}: not loaded in {timeout} s: {self._progress()}")

    def _progress(self):
        """How far the page has come, for whoever looks for what holds it up."""
        try:
            return self.eval(
                "JSON.stringify({state: document.readyState, at: location.href, has: performance.getEntriesByType("
                "'resource').map(e => [e.name, Math.round(e.startTime), Math.round(e.responseEnd)])})", 5)
        except BrowserError as error:
            return str(error)

    def reload(self, timeout=30):
        self._loaded.clear()
        self.send("Page.reload")
        if not self._loaded.wait(timeout):
            raise BrowserError(f"not loaded again in {timeout} s")

    def inject(self, script):
        """Runs before every document of the page from now on."""
        self.send("Page.addScriptToEvaluateOnNewDocument", {"source": script})

    def eval(self, expression, timeout=30):
        """The value of an expression in the page; a promise's is waited for."""
        return self.run(f"return ({expression})", timeout)

    def run(self, body, timeout=30):
        """Runs the body of an async function in the page and returns its value."""
        result = self.send(
            "Runtime.evaluate",
            {"expression": "(async () => {" + body + "})()", "awaitPromise": True, "returnByValue": True,
             "userGesture": True}, timeout)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description") or details["text"])
        return result["result"].get("value")

    def wait(self, condition, timeout=15, why=None):
        """Waits until an expression is true in the page; returns its value."""
        return wait(self, condition, timeout, why)

    def click(self, selector):
        """A real click at the middle of an element."""
        x, y = self.run(
            f"const box = document.querySelector({json.dumps(selector)});"
            "box.scrollIntoView({block: 'center'}); const r = box.getBoundingClientRect();"
            "return [r.x + r.width / 2, r.y + r.height / 2]")
        for kind in ("mousePressed", "mouseReleased"):
            mouse = {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}
            self.send("Input.dispatchMouseEvent", mouse)

    def press(self, key):
        """A key pressed and let go: "Tab", "Enter", "Space" or one character."""
        codes = {
            "Tab": (9, "Tab", None), "Enter": (13, "Enter", "\r"), "Space": (32, " ", " "), "Escape": (27, "Escape", None),
        }
        code, name, text = codes.get(key, (ord(key[0].upper()), key, key))
        event = {"key": name, "code": key, "windowsVirtualKeyCode": code, "nativeVirtualKeyCode": code}
        down = {"type": "keyDown", "text": text} if text else {"type": "rawKeyDown"}
        self.send("Input.dispatchKeyEvent", {**down, **event})
        self.send("Input.dispatchKeyEvent", {"type": "keyUp", **event})

    def screenshot(self, path):
        data = self.send("Page.captureScreenshot", {"format": "png"})["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        self.browser.send("Target.closeTarget", {"targetId": self.target})


def wait(page, condition, timeout, why):
    end = time.monotonic() + timeout
    while True:
        value = page.eval(condition)
        if value:
            return value
        if time.monotonic() > end:
            raise BrowserError(f"{why or condition}: not within {timeout} s (last: {value!r})")
        time.sleep(0.2)
