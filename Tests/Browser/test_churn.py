# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""People and screens come and go many times over: nothing is left behind, and places are used again."""
import support
from support import People, goes_on, hears, sees

SECTIONS = "swiftlet.room.{}Transport.peerConnection.localDescription.sdp.match(/^m=(audio|video)/gm).length"
DATA_SECTIONS = SECTIONS.replace("(audio|video)", "application")
SCREEN = "document.querySelector('.tile.screen:not(.self) video')"


def test_screens_again_and_again():
    """A screen shared five times over, also off at once, leaves no tile and takes no new places"""
    with People() as people:
        anna, ben = people.join("Anna"), people.join("Ben")
        sees(anna, "Ben")
        for _ in range(4):
            ben.click("#toggle-screen")
            anna.wait(f"{SCREEN}?.videoWidth > 0", 20, "Anna sees the screen")
            ben.click("#toggle-screen")
            anna.wait(f"!{SCREEN}", 10, "the screen's tile goes")
        ben.click("#toggle-screen")
        ben.wait("document.querySelector('#toggle-screen').getAttribute('aria-pressed') === 'true'")
        ben.click("#toggle-screen")
        # Microphone, camera, screen and its sound: a place each, however often.
        ben.wait(f"{SECTIONS.format('send')} <= 4", 10, "Ben's places")
        anna.wait(f"{SECTIONS.format('recv')} <= 6 && !{SCREEN}", 10, "Anna's places")
        assert [ben.eval(DATA_SECTIONS.format("send")), anna.eval(DATA_SECTIONS.format("recv"))] == [1, 1], "data has one"
        goes_on(anna)
        assert anna.errors == [] and ben.errors == [], (anna.errors, ben.errors)


def test_people_again_and_again():
    """Somebody who reloads five times is one person at the others, in the same places"""
    with People() as people:
        anna, ben = people.join("Anna"), people.join("Ben")
        sees(anna, "Ben")
        for _ in range(5):
            ben.reload()
            support.joined(ben, "Ben")
        sees(anna, "Ben")
        hears(anna, "Ben")
        anna.wait(f"{SECTIONS.format('recv')} <= 6", 10, "Anna's places")
        assert anna.eval("document.querySelectorAll('.tile').length") == 2


def test_camera_quickly_off_and_on():
    """Five quick presses on the camera's button end as off, one more as on, and the others see both"""
    with People() as people:
        anna, ben = people.join("Anna"), people.join("Ben")
        sees(anna, "Ben")
        ben.run("for (let i = 0; i < 5; i += 1) document.querySelector('#toggle-camera').click();")
        anna.wait("probe.tile('Ben')?.dataset.camera === 'off'", 10, "Anna sees Ben's camera off")
        assert ben.eval("document.querySelector('.tile.self').dataset.camera") == "off"
        ben.click("#toggle-camera")
        anna.wait("probe.tile('Ben')?.dataset.camera === 'on'", 10, "Anna sees Ben's camera on")
        goes_on(anna)
