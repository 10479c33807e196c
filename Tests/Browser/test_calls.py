# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""People meet in Chromium: they come, see and hear each other, mute, share, leave and come back."""
import support
from support import People, goes_on, hears, report, same_size, sees


def test_two_then_three():
    """Two, then three people see every other's video and hear their audio"""
    with People() as people:
        anna, ben = people.join("Anna"), people.join("Ben")
        for page, other in ((anna, "Ben"), (ben, "Anna")):
            sees(page, other)
            hears(page, other)
        report("size of Anna's video at Ben", same_size(ben, anna))
        same_size(anna, ben)
        clara = people.join("Clara")
        for page in (anna, ben, clara):
            others = [other for other in people.pages if other is not page]
            sees(page, *(other.title for other in others))
            hears(page, *(other.title for other in others))
            for other in others:
                same_size(page, other)
        assert not any(page.errors for page in people.pages), [page.errors for page in people.pages]


def test_mute_camera_and_leave():
    """Mute, camera and leave are seen by the others"""
    with People() as people:
        anna, ben = people.join("Anna"), people.join("Ben")
        sees(anna, "Ben")
        hears(anna, "Ben")
        for button, mark in (("mic", "mic"), ("camera", "camera")):
            def shows(value, button=button, mark=mark):
                anna.wait(f"probe.tile('Ben')?.dataset.{mark} === '{value}'", 10, f"Anna sees Ben's {mark} {value}")
            shows("on")
            click(ben, f"#toggle-{button}")
            shows("off")
            if button == "mic":
                anna.wait("probe.hear('Ben').then(loudness => loudness < 0.001)", 10, "Ben is silent")
            click(ben, f"#toggle-{button}")
            shows("on")
        hears(anna, "Ben")
        sees(anna, "Ben")
        click(ben, "#leave")
        anna.wait("probe.tiles().length === 0", 10, "Ben's tile goes")
        ben.wait("!document.querySelector('#meeting') || document.querySelector('#meeting').offsetParent === null", 10)


def test_closed_page():
    """A page that is simply closed leaves the room"""
    with People() as people:
        anna, ben = people.join("Anna"), people.join("Ben")
        sees(anna, "Ben")
        people.pages.remove(ben)
        ben.close()
        anna.wait("probe.tiles().length === 0", 15, "the closed page's tile goes")


def test_reload():
    """Reload comes back, and the others see the new video"""
    with People() as people:
        anna, ben = people.join("Anna"), people.join("Ben")
        sees(anna, "Ben")
        ben.reload()
        support.joined(ben, "Ben")
        sees(ben, "Anna")
        sees(anna, "Ben")
        hears(anna, "Ben")
        assert anna.eval("probe.tiles().length") == 1


def test_screen():
    """A shared screen is a tile of its own at the others, and goes when sharing ends"""
    with People() as people:
        anna, ben = people.join("Anna"), people.join("Ben")
        sees(anna, "Ben")
        click(ben, "#toggle-screen")
        anna.wait(
            "(() => { const video = document.querySelector('.tile.screen:not(.self) video');"
            " return video?.videoWidth > 0 && probe.picture(video).brightness > 20; })()", 20, "Anna sees Ben's screen")
        goes_on(anna)
        click(ben, "#toggle-screen")
        anna.wait("!document.querySelector('.tile.screen:not(.self)')", 10, "the screen's tile goes")
        sees(anna, "Ben")


def test_without_devices_of_either_kind():
    """People without camera or microphone take part with what they have"""
    with People() as people:
        anna, ben = people.join("Anna", video=0), people.join("Ben", audio=0)
        hears(ben, "Anna")
        sees(anna, "Ben")
        assert anna.eval("probe.hear('Ben')") == 0


def click(page, selector):
    """A real click, at the middle of the element."""
    page.wait(f"!!document.querySelector('{selector}')")
    page.click(selector)
