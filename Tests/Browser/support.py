# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests share: one server and one Chromium, people who join, and what is asked of them."""
import itertools
import json
import pathlib
import time
import urllib.parse

from chromium import BrowserError, Chromium
from server import OUTPUT, Server

HOOKS = (pathlib.Path(__file__).parent / "hooks.js").read_text()
CAMERA = "probe.camera(640, 360, 20);"
# What one test chose in the page's settings is not remembered in the next.
FORGET = "try { localStorage.removeItem('swiftlet.settings'); } catch {}\n"
reported = {}
_shared = {}
_rooms = itertools.count(1)


class Skip(Exception):
    """Raised by a test that cannot run here; its text says why."""


def report(what, value):
    """Keeps a number that is worth knowing but may flake on a busy machine, so that no test hangs on it."""
    reported[what] = value
    print(f"BROWSER report  {what}: {value}", flush=True)


def server():
    """The server that most tests share."""
    found = _shared.get("server")
    if found is None or found.process.poll() is not None:
        found = _shared["server"] = Server("shared")
    return found


# Small pictures may go out in three sizes: several 720p encoders are too much for two cores.
ALL_SIZES = "--force-fieldtrials=WebRTC-LegacySimulcastLayerLimit/Disabled/"


def chromium():
    """The Chromium that most tests share; without any flag about loopback addresses or mDNS."""
    if "chromium" not in _shared:
        _shared["chromium"] = Chromium(ALL_SIZES)
    return _shared["chromium"]


def close_browser():
    """The next test gets a new Chromium."""
    if "chromium" in _shared:
        _shared.pop("chromium").close()


def close_shared():
    close_browser()
    if "server" in _shared:
        _shared.pop("server").close()


def room():
    """A room of the test's own."""
    return f"test-{next(_rooms)}-{int(time.time())}"


def address(at, room_name, name=None, **parameters):
    given = {"room": room_name, **({"name": name} if name else {}), **parameters}
    return f"{at.url}/?{urllib.parse.urlencode(given)}"


class People:
    """The pages of one test; all are closed at its end."""

    def __init__(self, at=None, room_name=None):
        self.server, self.room, self.pages = at or server(), room_name or room(), []

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for page in self.pages:
            if kind is not None:
                describe(page)
            try:
                page.close()
            except BrowserError:
                pass

    def blank(self, name, before=CAMERA, browser=None, **options):
        """An empty page with the hooks in it; `before` runs before each document's own scripts."""
        page = (browser or chromium()).page(**options)
        page.title = name
        self.pages.append(page)
        page.inject(FORGET + HOOKS + before)
        return page

    def open(self, name=None, before=CAMERA, browser=None, width=None, height=None, dark=None, **parameters):
        """The meeting page, not joined unless a parameter says so."""
        page = self.blank(name, before, browser, width=width, height=height, dark=dark)
        page.goto(address(self.server, self.room, name, **parameters))
        return page

    def enter(self, page, name, **parameters):
        page.goto(address(self.server, self.room, name, autojoin=1, **parameters))
        joined(page, name)
        return page

    def join(self, name, **options):
        """A page that has joined the room."""
        page = self.open(name, autojoin=1, **options)
        joined(page, name)
        return page

    def join_firefox(self, firefox, name, **parameters):
        """Firefox has no script injection: the hooks go in after the page loaded, and the join follows by hand."""
        firefox.goto(address(self.server, self.room, name, height=360, **parameters))
        firefox.title = name
        self.pages.append(firefox)
        firefox.run(HOOKS)
        firefox.wait("!!document.querySelector('#join-button') && !document.querySelector('#join-button').disabled")
        firefox.run("document.querySelector('#join-button').click()")
        joined(firefox, name, 30)
        return firefox


def joined(page, name, timeout=20):
    page.wait("document.querySelector('#connection-state')?.dataset.state === 'connected'", timeout, f"{name} joins")


def sees(page, *names, timeout=20):
    """`page` shows exactly these other people, and for each a moving picture of the right size that is not black."""
    wanted = sorted(names)
    expected = json.dumps(json.dumps(wanted, separators=(",", ":"), ensure_ascii=False))
    page.wait(f"JSON.stringify(probe.tiles()) === {expected}", timeout, f"{page.title} shows tiles of {wanted}")
    for name in wanted:
        page.wait(f"(probe.see('{name}')?.brightness ?? 0) > 20", timeout, f"{page.title} sees {name}")
    before = {name: page.eval(f"probe.decodedOf('{name}')") for name in wanted}
    for name, count in before.items():
        page.wait(f"probe.decodedOf('{name}').then(n => n >= {count + 10})", timeout, f"{name}'s frames rise at {page.title}")


def same_size(viewer, publisher, timeout=25):
    """What `viewer` shows of `publisher` has the size of the publisher's own camera."""
    own = publisher.eval("probe.picture(document.querySelector('.tile.self video'))")
    size = f"{own['width']}x{own['height']}"
    assert own["width"] > 0, "the publisher's own picture is empty"
    viewer.wait(
        f"(() => {{ const p = probe.see('{publisher.title}'); return p && `${{p.width}}x${{p.height}}` === '{size}' }})()",
        timeout, f"{viewer.title} sees {publisher.title} at {size}")
    return size


def hears(page, *names, timeout=20):
    """`page` hears each of these people well above silence."""
    for name in names:
        page.wait(f"probe.hear('{name}').then(loudness => loudness > 0.005)", timeout, f"{page.title} hears {name}")


def goes_on(page, frames=20, timeout=20, why=None):
    """More frames are decoded from now on."""
    before = page.eval("probe.decoded()")
    page.wait(f"probe.decoded().then(n => n >= {before + frames})", timeout, why or f"{page.title}'s video goes on")


def describe(page):
    """Says what a page was like when its test failed."""
    title = getattr(page, "title", None)
    print(f"--- page of {title}: {page.errors[-5:]} {page.console[-15:]}", flush=True)
    try:
        print(page.eval(
            "JSON.stringify({state: document.querySelector('#connection-state')?.dataset.state,"
            " error: document.querySelector('#join-error')?.textContent, tiles: window.probe?.tiles(),"
            " connections: window.probe?.connections.map(c => [c.connectionState, c.iceConnectionState])})"), flush=True)
        page.screenshot(OUTPUT / f"failed-{title}.png")
    except (BrowserError, OSError) as error:
        print(error, flush=True)
