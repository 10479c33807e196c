# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures in several sizes: simulcast and scalable streams of every codec, stepped through by a viewer."""
import time

from firefox import Firefox
from layers import CURRENT_LAYERS, LIP_SYNC, RECEIVED, SENT, report_stream, sends, shows, slows_down, step_through
from relay import Relay, own_address
from server import Server, free_media_port
from support import People, goes_on, report, sees

SMALL = (160, 320, 640)
LARGE = (320, 640, 1280)


def steps(codec, layers, widths, **options):
    """A publisher in `codec` and a viewer who steps through what it sends."""
    width = widths[-1]
    with People() as people:
        camera = f"probe.camera({width}, {width * 9 // 16}, 15);"
        anna = people.join("Anna", before=camera, codec=codec, layers=layers, **options)
        ben = people.join("Ben", video=0, audio=0, quality="high")
        sends(anna, widths if layers == "simulcast" else widths[-1:])
        first = shows(ben, "Anna", width, 15)
        took = step_through(ben, "Anna", widths)
        slows_down(ben, "Anna", 9)
        ben.run("probe.choose('Anna', 'high')")
        took.append(("high", shows(ben, "Anna", width)))
        lip_sync = ben.eval(LIP_SYNC)
        received = report_stream(f"{codec} {layers}", ben, first=first, took=took, lip_sync=lip_sync)
        assert received["codec"] == f"video/{codec.upper()}", received
        assert not anna.errors and not ben.errors, (anna.errors, ben.errors)
        return anna.eval(SENT)


def simulcast(codec):
    sent = steps(codec, "simulcast", SMALL, sizes=3)
    assert [stream["rid"] for stream in sent] == ["r0", "r1", "r2"], sent
    assert {stream["mode"] for stream in sent} == {"L1T3"}, sent


def test_vp8_simulcast():
    """A viewer steps through three sizes and frame rates of VP8"""
    simulcast("vp8")


def test_h264_simulcast():
    """A viewer steps through three sizes and frame rates of H264"""
    simulcast("h264")


def test_vp9_simulcast():
    """A viewer steps through three sizes and frame rates of VP9, in streams of their own"""
    simulcast("vp9")


def test_av1_simulcast():
    """A viewer steps through three sizes and frame rates of AV1, in streams of their own"""
    simulcast("av1")


def test_vp9_svc():
    """A viewer steps through the layers of one VP9 stream, L3T3_KEY"""
    assert [stream["mode"] for stream in steps("vp9", "svc", LARGE)] == ["L3T3_KEY"]


def test_av1_svc():
    """A viewer steps through the layers of one AV1 stream, L3T3_KEY"""
    assert [stream["mode"] for stream in steps("av1", "svc", LARGE)] == ["L3T3_KEY"]


def test_firefox_simulcast():
    """A viewer steps through the sizes that Firefox sends"""
    with Firefox() as firefox, People() as people:
        ben = people.join("Ben", video=0, audio=0, quality="high")
        fiona = people.join_firefox(firefox, "Fiona", audio=0, layers="simulcast", sizes=2)
        sees(ben, "Fiona", timeout=30)
        widths = [stream["width"] for stream in fiona.eval(SENT)]
        assert len(widths) == 2 and abs(widths[1] - 2 * widths[0]) < 8, widths
        took = [shows(ben, "Fiona", widths[1], 15)]
        for quality, width in (("low", widths[0]), ("high", widths[1]), ("low", widths[0])):
            ben.run(f"probe.choose('Fiona', '{quality}')")
            took.append(shows(ben, "Fiona", width))
        report_stream("Firefox's simulcast", ben, took=took)


def test_loss():
    """Simulcast goes on over a path that loses 10 %, then 20 %"""
    host, port = own_address(), free_media_port(1)
    flags = ("--media-address", "127.0.0.1", "--announced-address", host)
    with Relay(host, port, delay=0.02, seed=3) as relay, Server("loss", *flags, media_port=port) as server, \
            People(server) as people:
        anna = people.join("Anna", before="probe.camera(640, 360, 15);", audio=0, sizes=3)
        ben = people.join("Ben", video=0, audio=0, quality="high")
        shows(ben, "Anna", 640, 15)
        for loss in (0.1, 0.2):
            before, sent = ben.eval(RECEIVED), anna.eval(SENT)
            relay.loss, start = loss, time.monotonic()
            for _ in range(3):
                goes_on(ben, 15, 20, f"pictures go on at {loss:.0%} loss")
            after = ben.eval(RECEIVED)
            change = {key: round(after[key] - before[key], 2) for key in ("freezes", "frozen", "lost", "nacks", "resent", "plis")}
            # Of what did not come at first, how much came again: for the browser it stays lost.
            change["repaired"] = round(change["resent"] / change["lost"], 2) if change["lost"] > 0 else None
            change["layers"] = ben.eval(CURRENT_LAYERS)
            change["seconds"] = round(time.monotonic() - start, 1)
            change["sender resent"] = sum(b["resent"] - a["resent"] for a, b in zip(sent, anna.eval(SENT)))
            report(f"loss of {loss:.0%}", change)
            assert change["nacks"] > 0 and change["resent"] > 0 and change["sender resent"] > 0, change
        assert relay.lost > 50, relay.lost
