# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""People write, sign and send files beside their pictures; what the page makes of those who mean harm."""
import base64
import hashlib
import json
import os
import pathlib
import signal
import tempfile
import time

import support
from firefox import Firefox
from server import Server
from support import OUTPUT, People, goes_on, report, sees

SMALL_CAMERA = "probe.camera(320, 180, 15);"
SAID = "[...document.querySelectorAll('.said')].map(e => [e.querySelector('.who').textContent, e.querySelector('.said-text')?.textContent])"
UNREAD = "(e => e.hidden ? 0 : Number(e.textContent))(document.querySelector('#unread'))"
STATE = "document.querySelector('#chat').dataset.state"
TYPING = "document.querySelector('#chat-typing').textContent"
SIGNS = "[...probe.tile('{}').querySelectorAll('.floating')].map(e => e.textContent)"
MEBIBYTE = 1 << 20


def ready(*pages):
    """The pages' channels are open, and each hears every other."""
    for page in pages:
        page.wait(f"{STATE} === 'open'", 15, f"{page.title}'s chat is open")
        page.wait(f"[...swiftlet.room.peers.values()].filter(peer => swiftlet.room.channels.has(peer)).length >= {len(pages) - 1}",
                  15, f"{page.title} hears the others")


def write(page, text, send=True):
    """Types into the chat, and sends with Enter."""
    page.run("if (document.querySelector('#chat').hidden) document.querySelector('#chat-button').click();"
             "document.querySelector('#chat-input').focus()")
    page.send("Input.insertText", {"text": text})
    if send:
        page.press("Enter")


def reads(page, *wanted, timeout=10):
    """The page shows exactly these (who, text), in this order."""
    expected = json.dumps(json.dumps([list(pair) for pair in wanted], separators=(",", ":"), ensure_ascii=False))
    page.wait(f"JSON.stringify({SAID}) === {expected} || !console.debug(JSON.stringify({SAID}))", timeout,
              f"{page.title} reads {wanted}")


def choose_file(page, path):
    """Chooses a file as a person does in the browser's dialog."""
    root = page.send("DOM.getDocument")["root"]["nodeId"]
    node = page.send("DOM.querySelector", {"nodeId": root, "selector": "#chat-file"})["nodeId"]
    page.send("DOM.setFileInputFiles", {"nodeId": node, "files": [str(path)]})


def card(page, name):
    """What the page's card of a file says: {state, facts, progress, href}; None where there is none."""
    return page.eval(
        f"(e => e && {{state: e.dataset.state, facts: e.querySelector('.file-facts').textContent,"
        " progress: e.querySelector('progress').value, href: e.querySelector('a').getAttribute('href'),"
        " download: e.querySelector('a').download})"
        f"([...document.querySelectorAll('.file')].find(e => e.querySelector('.file-name').textContent === {json.dumps(name)}))")


def test_words():
    """People write to each other, unread ones are counted, and who comes late reads what was said"""
    with People() as people:
        anna, ben = people.join("Anna", before=SMALL_CAMERA), people.join("Ben", before=SMALL_CAMERA)
        ready(anna, ben)
        write(anna, "Hello Ben")
        ben.wait(f"{UNREAD} === 1", 10, "Ben has one unread")
        assert ben.eval("document.querySelector('#chat-button').ariaLabel") == "Chat, 1 unread"
        assert ben.eval("document.querySelector('#chat').hidden")
        reads(ben, ("Anna", "Hello Ben"))
        write(ben, "<b>Hi</b> Anna – grüß dich 👋 العربية")
        assert ben.eval(UNREAD) == 0
        write(ben, "One line\nand another")
        said = (("Anna", "Hello Ben"), ("Ben", "<b>Hi</b> Anna – grüß dich 👋 العربية"), ("Ben", "One line\nand another"))
        for page in (anna, ben):
            reads(page, *((("You" if who == page.title else who), text) for who, text in said))
            assert page.eval("document.querySelectorAll('.said-text *').length") == 0, "text is text"
        assert ben.eval("document.querySelector('#chat-input').value") == ""
        clara = people.join("Clara", before=SMALL_CAMERA, width=390, height=844)
        reads(clara, *said)
        assert clara.eval(UNREAD) == 0, "what was said before one came is not unread"
        ready(anna, ben, clara)
        write(clara, "Good morning")
        for page in (anna, ben):
            reads(page, *((("You" if who == page.title else who), text) for who, text in said), ("Clara", "Good morning"))
        write(ben, "   ")
        clara.reload()
        support.joined(clara, "Clara")
        reads(clara, *said, ("You", "Good morning"))
        assert not any(page.errors for page in people.pages), [page.errors for page in people.pages]


def test_joining_in_the_middle():
    """Who joins while others write misses nothing and reads nothing twice"""
    with People() as people:
        anna, clara = people.join("Anna", before=SMALL_CAMERA), people.join("Clara", before=SMALL_CAMERA)
        ready(anna, clara)
        ben = people.open("Ben", before=SMALL_CAMERA)
        ben.wait("!document.querySelector('#join-button').disabled")
        anna.run("""
            const [input, form] = ['#chat-input', '#chat-form'].map((name) => document.querySelector(name));
            let count = 0;
            const timer = setInterval(() => {
              count += 1;
              input.value = `line ${count}`;
              form.requestSubmit();
              if (count === 14) clearInterval(timer);
            }, 150);
        """)
        ben.click("#join-button")
        support.joined(ben, "Ben")
        lines = [f"line {number}" for number in range(1, 15)]
        clara.wait(f"{SAID}.length >= 14", 10)
        ben.wait(f"{SAID}.length >= 14", 10, "Ben has every line, those too that were written while he joined")
        time.sleep(1)
        for page in (ben, clara):
            assert page.eval(f"({SAID}).map(([, text]) => text)") == lines, page.eval(SAID)


def test_signs():
    """Who types is named for as long as they do, and signs rise over the picture of who gives them"""
    with People() as people:
        anna, ben = people.join("Anna", before=SMALL_CAMERA), people.join("Ben", before=SMALL_CAMERA)
        sees(anna, "Ben")
        ready(anna, ben)
        write(ben, "Let me thi", send=False)
        anna.wait(f"{TYPING} === 'Ben is typing'", 3, "Anna sees that Ben types")
        start = time.monotonic()
        anna.wait(f"{TYPING} === ''", 6, "the hint expires")
        assert 1.5 < time.monotonic() - start < 4.5, time.monotonic() - start
        write(ben, "nk", send=False)
        anna.wait(f"{TYPING} === 'Ben is typing'", 3, "Anna sees that Ben types again")
        write(ben, "")
        anna.wait(f"{TYPING} === ''", 2, "what was sent is no longer typed")
        reads(anna, ("Ben", "Let me think"))

        ben.click("#react-button")
        ben.wait("document.querySelector('#reactions').offsetParent !== null", 5)
        assert ben.eval("document.activeElement.ariaLabel") == "Thumbs up", "the keyboard is led there"
        ben.press("Enter")
        ben.run("document.querySelector('.emoji[title=\"A celebration\"]').click()")
        anna.wait(f"{SIGNS.format('Ben')}.sort().join() === ['👍', '🎉'].sort().join()", 3, "Anna sees Ben's signs")
        ben.wait(f"{SIGNS.format('Ben')}.length === 2", 3, "Ben sees them, too")
        assert anna.eval("document.querySelector('#sign-log').textContent") == "Ben: a celebration"
        anna.screenshot(OUTPUT / "chat-signs.png")
        anna.wait("document.querySelectorAll('.floating').length === 0", 6, "signs go")
        channel = ben.run("const {dataChannel} = await swiftlet.room.channels.open('reactions');"
                          "return [dataChannel.ordered, dataChannel.maxRetransmits]")
        assert channel == [False, 0], channel
        ben.press("Escape")
        assert ben.eval("[document.querySelector('#reactions').hidden, document.activeElement.id]") == [True, "react-button"]


def test_file():
    """A file of 3 MiB arrives unchanged, with progress at both ends, while video goes on; 5 MiB are refused"""
    with tempfile.TemporaryDirectory() as folder, People() as people:
        anna, ben = people.join("Anna", before=SMALL_CAMERA), people.join("Ben", before=SMALL_CAMERA)
        sees(anna, "Ben")
        sees(ben, "Anna")
        ready(anna, ben)
        large, right = pathlib.Path(folder) / "film.mkv", pathlib.Path(folder) / "drawing <1>.svg"
        large.write_bytes(os.urandom(5 * MEBIBYTE))
        right.write_bytes(os.urandom(3 * MEBIBYTE))
        name = "drawing _1_.svg"
        choose_file(anna, large)
        anna.wait("/film.*4 MiB/.test(document.querySelector('#toasts').textContent)", 5, "too large is said kindly")
        assert card(anna, "film.mkv") is None

        start = time.monotonic()
        choose_file(anna, right)
        ben.wait(f"{UNREAD} === 1", 10, "the file is announced")
        seen = {page.title: set() for page in people.pages}
        queued = frames = 0
        before = ben.eval("probe.decoded()")
        pictured = False
        while time.monotonic() - start < 70:
            states = {page: card(page, name) for page in people.pages}
            for page, shown in states.items():
                if shown and shown["state"] in ("sending", "arriving"):
                    seen[page.title].add(round(shown["progress"], 3))
            queued = max(queued, anna.run("const p = await swiftlet.room.channels.open('files'); return p.bufferedAmount"))
            if states[ben]["state"] == "done" and states[anna]["state"] == "sent":
                break
            assert "failed" not in (states[ben]["state"], states[anna]["state"]), states
            if not pictured and states[ben]["progress"] > 0.3:
                frames, pictured = ben.eval("probe.decoded()") - before, True
                took = time.monotonic() - start
                for page in people.pages:
                    page.run("if (document.querySelector('#chat').hidden) document.querySelector('#chat-button').click();"
                             "await new Promise((resolve) => setTimeout(resolve, 600))")
                    page.screenshot(OUTPUT / f"chat-file-{page.title}.png")
            time.sleep(0.3)
        seconds = time.monotonic() - start
        report("file of 3 MiB: seconds, Mbit/s, most bytes in the queue, frames a second meanwhile",
               [round(seconds, 1), round(3 * MEBIBYTE * 8 / seconds / 1e6, 2), queued, round(frames / took, 1)])
        assert states[ben]["state"] == "done", states
        assert all(len(values) > 8 for values in seen.values()), f"progress is shown: {seen}"
        assert seconds > 18, "faster than what leaves room for pictures"
        assert queued <= 64 << 10, queued
        assert frames / took > 7, f"{frames / took} frames a second while the file was on its way, of 15"
        goes_on(ben)

        # What is taken from the card is the file.
        assert states[ben]["download"] == name and states[ben]["href"].startswith("blob:"), states[ben]
        assert ben.eval("document.querySelectorAll('#chat img, #chat iframe, #chat object').length") == 0
        target = pathlib.Path(folder) / "taken"
        target.mkdir()
        support.chromium().send("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(target)})
        ben.click(".file-take")
        end = time.monotonic() + 10
        while not (target / name).exists() and time.monotonic() < end:
            time.sleep(0.1)
        assert (target / name).read_bytes() == right.read_bytes(), "the file is not the same"
        assert not any(page.errors for page in people.pages), [page.errors for page in people.pages]


def test_drop():
    """A file that is dropped on the page arrives, one that is stopped does not, and text files are not opened"""
    content = b"<script>alert(1)</script>" * 40
    keep = "window.blobs = []; { const real = URL.createObjectURL; URL.createObjectURL = (b) => { blobs.push(b); return real.call(URL, b); }; }"
    with People() as people:
        anna = people.join("Anna", before=SMALL_CAMERA)
        ben = people.join("Ben", before=SMALL_CAMERA + keep)
        ready(anna, ben)
        drop = ("const transfer = new DataTransfer(); transfer.items.add(new File([{}], {}, {{type: 'text/html'}}));"
                "for (const name of ['dragenter', 'dragover', {}]) {{ document.querySelector('#grid').dispatchEvent("
                "new DragEvent(name, {{bubbles: true, cancelable: true, dataTransfer: transfer}})); }}")
        bytes_ = f"Uint8Array.from(atob('{base64.b64encode(content).decode()}'), (c) => c.charCodeAt(0))"
        anna.run(drop.format(bytes_, "'page.html'", "'dragover'"))
        assert not anna.eval("document.querySelector('#drop').hidden"), "the page shows where files can be dropped"
        anna.screenshot(OUTPUT / "chat-drop.png")
        anna.run(drop.format(bytes_, "'page.html'", "'drop'"))
        assert anna.eval("document.querySelector('#drop').hidden")
        ben.wait("window.blobs.length === 1", 10, "the file arrives")
        got = ben.run("const [b] = blobs; return [b.type, b.size, [...new Uint8Array(await crypto.subtle.digest('SHA-256', await b.arrayBuffer()))]]")
        assert got == ["application/octet-stream", len(content), list(hashlib.sha256(content).digest())], got
        assert card(ben, "page.html")["facts"] == "1 kB · Arrived", card(ben, "page.html")

        for stopper, states in ((anna, ("stopped", "failed")), (ben, ("sending", "failed"))):
            name = f"by {stopper.title}.bin"
            anna.run(drop.format(f"new Uint8Array({2 * MEBIBYTE})", f"'{name}'", "'drop'"))
            end = time.monotonic() + 10
            while (card(ben, name) or {}).get("progress", 0) == 0 and time.monotonic() < end:
                time.sleep(0.1)
            stopper.run(f"[...document.querySelectorAll('.file')].find(e => e.querySelector('.file-name').textContent === '{name}')"
                        ".querySelector('.file-stop').click()")
            end = time.monotonic() + 5
            while (card(anna, name)["state"], card(ben, name)["state"]) != states and time.monotonic() < end:
                time.sleep(0.1)
            assert (card(anna, name)["state"], card(ben, name)["state"]) == states, (card(anna, name), card(ben, name))
        assert not any(page.errors for page in people.pages), [page.errors for page in people.pages]


def test_worker_killed():
    """After the loss of a worker the chat comes back: nothing is lost, nothing is doubled, and what was written meanwhile goes out"""
    with Server("chat-worker") as server, People(server) as people:
        anna, ben = people.join("Anna", before=SMALL_CAMERA), people.join("Ben", before=SMALL_CAMERA)
        ready(anna, ben)
        write(anna, "one")
        write(ben, "two")
        reads(anna, ("You", "one"), ("Ben", "two"))
        connections = {page: page.eval("probe.connections.length") for page in people.pages}
        anna.run("document.querySelector('#chat-input').focus()")
        os.kill(server.workers()[0], signal.SIGKILL)
        anna.wait(f"{STATE} !== 'open'", 10, "the chat notices")
        write(anna, "three, while it is away")
        for page in people.pages:
            page.wait(f"probe.connections.length > {connections[page]}", 20, f"{page.title} connects anew")
            support.joined(page, page.title)
        ready(anna, ben)
        write(ben, "four")
        anna.wait(f"{SAID}.length === 4", 10, "Anna has all four")
        ben.wait(f"{SAID}.length === 4", 10, "Ben has all four")
        texts = [sorted(text for _, text in page.eval(SAID)) for page in people.pages]
        assert texts[0] == texts[1] == sorted(["one", "two", "three, while it is away", "four"]), texts
        assert anna.eval("document.querySelectorAll('[data-pending]').length") == 0
        time.sleep(1)
        for page in people.pages:
            assert len(page.eval(SAID)) == 4, page.eval(SAID)


def test_no_channel():
    """Without data channels the chat says so, and the call goes on"""
    without = SMALL_CAMERA + "RTCPeerConnection.prototype.createDataChannel = () => { throw new DOMException('no', 'NotSupportedError'); };"
    with People() as people:
        anna, ben = people.join("Anna", before=without), people.join("Ben", before=SMALL_CAMERA)
        sees(anna, "Ben")
        sees(ben, "Anna")
        anna.click("#chat-button")
        anna.wait(f"{STATE} === 'unavailable' && /no data channel/.test(document.querySelector('#chat-status').innerText)", 10, "it is said")
        assert anna.eval("['input', 'send', 'attach'].every((name) => document.querySelector(`#chat-${name}`).disabled)")
        time.sleep(0.6)
        anna.screenshot(OUTPUT / "chat-unavailable.png")
        assert not anna.errors, anna.errors


def test_hostile():
    """A peer that sends nonsense and floods disturbs nobody"""
    with People() as people:
        anna, mallory = people.join("Anna", before=SMALL_CAMERA), people.join("Mallory", before=SMALL_CAMERA)
        ready(anna, mallory)
        mallory.run("""
            const { channels } = swiftlet.room;
            const files = await channels.open('files');
            const raw = (label, ...all) => all.forEach((data) => channels.send(label, data));
            raw('chat', '', '{', 'null', '[1]', '{"type":"text"}', '{"type":"text","id":1,"text":{}}', 'x'.repeat(100000), new ArrayBuffer(5));
            raw('reactions', '{"type":"reaction","emoji":"<img src=x onerror=alert(1)>"}', '{"type":"typing","on":"yes"}', '{"type":"reaction","emoji":"constructor"}');
            raw('files', new ArrayBuffer(0), new ArrayBuffer(7), new ArrayBuffer(20000), '{"type":"file","number":1,"id":"a","name":"x","size":1e12}');
            raw('files', '{"type":"file","number":2,"id":"b","name":"../\\u202egpj.exe","size":100000,"time":"never"}', new Uint8Array([0, 0, 0, 2, 255, 255, 255, 255, 1]));
            await new Promise((resolve) => setTimeout(resolve, 300));
            raw('chat', JSON.stringify({ type: 'text', id: 'm', text: '<img src=x onerror="window.harmed = 1">', time: 9e15 }));
            for (let count = 0; count < 300; count += 1) {
              raw('chat', JSON.stringify({ type: 'text', id: `flood ${count}`, text: `flood ${count}`, time: 0 }));
              raw('reactions', JSON.stringify({ type: 'reaction', emoji: '🎉' }));
            }
        """)
        anna.wait(f"{SAID}.length > 5", 10, "some of it is shown")
        time.sleep(2)
        shown = anna.eval(f"({SAID}).map(([, text]) => text)")
        report("flood of 300 texts: shown", len(shown))
        assert 5 < len(shown) <= 30, len(shown)
        assert "<img src=x onerror=\"window.harmed = 1\">" in shown and not anna.eval("'harmed' in window")
        assert anna.eval("document.querySelectorAll('.floating').length") <= 12
        assert anna.eval("document.querySelectorAll('#chat img').length") == 0
        broken = card(anna, "_gpj.exe") or card(anna, "gpj.exe")
        assert broken and broken["state"] == "failed", broken
        assert not anna.errors, anna.errors
        goes_on(anna)
        # Others are read as before.
        ben = people.join("Ben", before=SMALL_CAMERA)
        ready(anna, ben)
        write(ben, "I am here")
        anna.wait(f"({SAID}).at(-1)?.[1] === 'I am here'", 10, "Anna reads Ben")


def test_keyboard_and_pictures():
    """The chat by keyboard, on a desk and a phone, light and dark; pictures of it are kept"""
    sizes = {"desk-light": (1100, 760, False), "desk-dark": (1100, 760, True), "phone-light": (390, 844, False)}
    with People() as people:
        for name, (width, height, dark) in zip(("Anna", "Ben", "Clara"), sizes.values()):
            people.join(name, before=SMALL_CAMERA, width=width, height=height, dark=dark)
        anna, ben, clara = people.pages
        ready(anna, ben, clara)
        sees(anna, "Ben", "Clara")
        anna.run("document.querySelector('#toggle-mic').focus()")
        anna.press("c")
        assert anna.eval("[document.activeElement.id, document.activeElement.value]") == ["chat-input", ""]
        anna.press("Escape")
        assert anna.eval("[document.activeElement.id, document.querySelector('#chat').hidden]") == ["chat-button", True]
        anna.press("Enter")
        for letter in "Hi all":
            anna.press("Space" if letter == " " else letter)
        assert anna.eval("document.querySelector('.tile.self').dataset.mic") == "on", "letters are written, no shortcuts"
        anna.press("Enter")
        write(ben, "Good morning! The agenda is in the shared folder.")
        write(clara, "Thanks – I am on the train, so I will listen with my camera small.")
        write(ben, "No problem.")
        ben.run("document.querySelector('#chat-input').focus()")
        small = OUTPUT / "agenda.txt"
        small.write_text("1. Welcome\n2. Data channels\n" * 20)
        choose_file(ben, small)
        for page in (anna, clara):
            end = time.monotonic() + 10
            while (card(page, "agenda.txt") or {}).get("state") != "done" and time.monotonic() < end:
                time.sleep(0.2)
            assert card(page, "agenda.txt")["state"] == "done", card(page, "agenda.txt")
        small.unlink()
        write(clara, "Got it", send=False)
        anna.wait(f"{TYPING} === 'Clara is typing'", 3)
        ben.run("document.querySelector('#react-button').click(); document.querySelector('.emoji').click()")
        time.sleep(0.8)
        for page, name in zip(people.pages, sizes):
            page.screenshot(OUTPUT / f"chat-{name}.png")
            assert page.eval("document.documentElement.scrollWidth <= innerWidth"), f"chat {name} is wider than its window"
            nameless = page.eval(
                "[...document.querySelectorAll('button, input, select, textarea, a')].filter(e => e.offsetParent && !(e.ariaLabel || "
                "e.textContent.trim() || e.labels?.length || e.title)).map(e => e.id || e.outerHTML.slice(0, 80))")
            assert nameless == [], nameless


def test_firefox():
    """Firefox and Chromium write, sign and send a file to each other"""
    with Firefox() as firefox, People() as people:
        anna = people.join("Anna", before=SMALL_CAMERA)
        fiona = people.join_firefox(firefox, "Fiona", audio=0)
        ready(anna, fiona)
        write(anna, "Hello Fiona")
        reads(fiona, ("Anna", "Hello Fiona"), timeout=15)
        fiona.run("document.querySelector('#chat-button').click(); const input = document.querySelector('#chat-input');"
                  "input.value = 'Hello Anna'; document.querySelector('#chat-form').requestSubmit();"
                  "document.querySelector('.emoji').click()")
        reads(anna, ("You", "Hello Fiona"), ("Fiona", "Hello Anna"), timeout=15)
        anna.wait(f"{SIGNS.format('Fiona')}.join() === '👍'", 5, "Anna sees Fiona's sign")
        for sender, receiver in ((anna, fiona), (fiona, anna)):
            name = f"of {sender.title}.bin"
            sender.run("const transfer = new DataTransfer(); transfer.items.add(new File([new Uint8Array(200000).fill(7)], "
                       f"{json.dumps(name)}));"
                       "document.querySelector('#grid').dispatchEvent(new DragEvent('drop', {bubbles: true, cancelable: true, dataTransfer: transfer}))")
            end = time.monotonic() + 20
            while (card(receiver, name) or {}).get("state") != "done" and time.monotonic() < end:
                time.sleep(0.2)
            assert card(receiver, name)["state"] == "done", card(receiver, name)
            assert card(receiver, name)["facts"] == "200 kB · Arrived", card(receiver, name)
        fiona.screenshot(OUTPUT / "chat-firefox.png")
