# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""The page as a person meets it: by keyboard, on a phone, light and dark; pictures of it are kept."""
from support import CAMERA, OUTPUT, People, hears, joined, sees

FITS = "document.documentElement.scrollWidth <= innerWidth"
FOCUS = "document.activeElement?.id || document.activeElement?.tagName"


def tab_to(page, wanted, limit=25):
    """Presses Tab until an element has the focus; what it passes is returned."""
    passed = []
    for _ in range(limit):
        at = page.eval(FOCUS)
        if at == wanted:
            return passed
        passed.append(at)
        page.press("Tab")
    raise AssertionError(f"Tab does not reach {wanted}: {passed}")


def test_keyboard():
    """Join, mute and leave by keyboard alone, with the focus shown"""
    with People() as people:
        page = people.open("Kay")
        page.wait("!!document.querySelector('#name-input')")
        page.run("document.querySelector('#name-input').value = ''")
        tab_to(page, "name-input")
        for letter in "Kim":
            page.press(letter)
        assert page.eval("document.querySelector('#name-input').value") == "Kim"
        tab_to(page, "join-button")
        outline = page.eval("(s => s.outlineStyle + s.boxShadow)(getComputedStyle(document.activeElement))")
        assert outline != "nonenone", "the focus cannot be seen"
        page.press("Enter")
        joined(page, "Kim")
        page.title = "Kim"
        page.wait("document.querySelector('.tile.self')?.dataset.mic === 'on'")
        tab_to(page, "toggle-mic")
        page.press("Space")
        page.wait("document.querySelector('.tile.self').dataset.mic === 'off'", 5, "Space mutes")
        tab_to(page, "leave")
        page.press("Enter")
        page.wait("document.querySelector('#meeting')?.offsetParent == null", 10, "Enter leaves")


def test_joining_before_the_camera():
    """Who joins before camera and microphone have opened is seen and heard once they have"""
    slow = ("{ const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);"
            "navigator.mediaDevices.getUserMedia = async (...all) => {"
            "await new Promise(resolve => setTimeout(resolve, 2500)); return real(...all); }; }")
    with People() as people:
        anna = people.join("Anna")
        ben = people.open("Ben", before=CAMERA + slow)
        ben.wait("!!document.querySelector('#join-button')")
        ben.click("#join-button")
        joined(ben, "Ben")
        assert ben.eval("probe.connections.every(c => c.getSenders().every(s => !s.track))"), "the camera was not slow"
        sees(anna, "Ben")
        hears(anna, "Ben")


def test_enter_joins():
    """Enter in the name's field joins, and every control has a name for screen readers"""
    with People() as people:
        page = people.open("Kay")
        page.wait("!!document.querySelector('#name-input')")
        page.run("document.querySelector('#name-input').focus()")
        page.press("Enter")
        joined(page, "Kay")
        nameless = page.eval(
            "[...document.querySelectorAll('button, input, select')].filter(e => e.offsetParent && !(e.ariaLabel || "
            "e.textContent.trim() || e.labels?.length || e.title)).map(e => e.id || e.outerHTML.slice(0, 80))")
        assert nameless == [], nameless


def test_pictures():
    """Landing and meeting fit a desk and a phone, light and dark; pictures are kept"""
    sizes = {"desk-light": (1100, 760, False), "desk-dark": (1100, 760, True), "phone-light": (390, 844, False)}
    with People() as people:
        for name, (width, height, dark) in sizes.items():
            page = people.open(None, width=width, height=height, dark=dark)
            page.title = f"landing {name}"
            page.wait("document.querySelector('#preview-video')?.videoWidth > 0", 10, "the camera's preview")
            page.screenshot(OUTPUT / f"landing-{name}.png")
            assert page.eval(FITS), f"landing {name} is wider than its window"
            people.pages.remove(page)
            page.close()
        names = ("Anna", "Ben", "Clara")
        for name, (width, height, dark) in zip(names, sizes.values()):
            people.join(name, width=width, height=height, dark=dark)
        for page, name in zip(people.pages, sizes):
            sees(page, *(other for other in names if other != page.title))
            page.screenshot(OUTPUT / f"meeting-{name}.png")
            assert page.eval(FITS), f"meeting {name} is wider than its window"
        desk = people.pages[0]
        desk.click("#details-button")
        desk.wait("[...document.querySelectorAll('#details .details-person')].map(e => e.dataset.name).sort().join() "
                  "=== 'Anna,Ben,Clara' || [...document.querySelectorAll('#details .details-person')].map(e => "
                  "e.dataset.name).sort().join() === 'Ben,Clara'", 10, "the details show every person")
        desk.wait("/\\d/.test(document.querySelector('#details').innerText)", 10, "the details have numbers")
        desk.wait("new Promise(resolve => setTimeout(() => resolve(true), 4000))", why="the charts fill")
        desk.screenshot(OUTPUT / "meeting-details.png")
        background = [page.eval("getComputedStyle(document.body).backgroundColor") for page in people.pages[:2]]
        assert background[0] != background[1], f"dark is not dark: {background}"


def test_no_camera():
    """Without permission for a camera the page says so in words, and does not break"""
    with People() as people:
        denied = "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); };"
        page = people.open("Dora", before=denied)
        page.wait("!!document.querySelector('#join-button')")
        page.click("#join-button")
        page.wait("document.body.innerText.match(/permission|allow|denied|blocked|camera/i)", 10, "a readable error")
        assert not page.errors, page.errors
