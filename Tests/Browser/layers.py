# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of layers share: a viewer who steps through them, and what is measured meanwhile."""
import time

from support import goes_on, report

WITHIN = 5  # Seconds that a switch may take.
SENT = ("probe.reports('outbound-rtp', 'video').then(all => all.sort((a, b) => (a.rid ?? '') < (b.rid ?? '') ? -1 : 1)"
        ".map(r => ({rid: r.rid, active: r.active, width: r.frameWidth ?? 0, frames: r.framesEncoded ?? 0, "
        "mode: r.scalabilityMode, codec: r.mimeType, keys: r.keyFramesEncoded, plis: r.pliCount, nacks: r.nackCount, "
        "resent: r.retransmittedPacketsSent, limited: r.qualityLimitationReason})))")
RECEIVED = ("probe.reports('inbound-rtp', 'video').then(all => all.map(r => ({frames: r.framesDecoded ?? 0, "
            "rate: r.framesPerSecond ?? 0, bytes: r.bytesReceived, freezes: r.freezeCount, frozen: r.totalFreezesDuration, "
            "lost: r.packetsLost, packets: r.packetsReceived, nacks: r.nackCount, plis: r.pliCount, keys: r.keyFramesDecoded, "
            "resent: r.retransmittedPacketsReceived ?? 0, "
            "dropped: r.framesDropped, codec: r.mimeType}))[0])")
CURRENT_LAYERS = "swiftlet.room.consumers.find(e => e.consumer.kind === 'video').consumer.currentLayers"
# By how much the picture that plays now was captured before (below 0: after) the sound that plays now, in milliseconds.
LIP_SYNC = ("Promise.all(['video', 'audio'].map(kind => probe.reports('inbound-rtp', kind).then(all => all[0]))).then("
            "([v, a]) => v?.estimatedPlayoutTimestamp && a?.estimatedPlayoutTimestamp ? "
            "Math.round((a.estimatedPlayoutTimestamp - a.timestamp) - (v.estimatedPlayoutTimestamp - v.timestamp)) : null)")


def sends(page, widths, timeout=20):
    """`page` sends its picture in these widths, each of them moving."""
    wanted = ",".join(map(str, widths))
    page.wait(f"{SENT}.then(all => all.map(r => r.width).join() === '{wanted}' && all.every(r => r.frames > 5))", timeout,
              f"{page.title} sends in widths {wanted}")


def shows(viewer, name, width, within=WITHIN):
    """`viewer` shows `name` in this width within a time, and goes on decoding; returns how long it took."""
    start = time.monotonic()
    viewer.wait(f"probe.video('{name}')?.videoWidth === {width}", within, f"{viewer.title} sees {name} {width} wide")
    took = time.monotonic() - start
    goes_on(viewer, 6, WITHIN, f"{viewer.title} goes on decoding {name} {width} wide")
    return round(took, 1)


def step_through(viewer, name, widths):
    """The viewer chooses each size, up and down and across; how long each took and what froze is reported."""
    low, middle, high = widths
    took = []
    for quality, width in (("low", low), ("high", high), ("medium", middle), ("high", high), ("low", low), ("medium", middle)):
        viewer.run(f"probe.choose('{name}', '{quality}')")
        took.append((quality, shows(viewer, name, width)))
        layers = viewer.eval(CURRENT_LAYERS)
        assert layers and layers["spatialLayer"] == widths.index(width), (quality, layers)
    return took


def slows_down(viewer, name, rate):
    """At the lowest frame rate fewer pictures come than `rate`, and they go on."""
    viewer.run(f"probe.choose('{name}', 'saver')")
    viewer.wait(f"{RECEIVED}.then(r => r.rate > 0 && r.rate <= {rate})", WITHIN, f"{viewer.title} gets at most {rate} a second")
    goes_on(viewer, 4, WITHIN)


def report_stream(what, viewer, **more):
    received = viewer.eval(RECEIVED)
    keys = ("freezes", "frozen", "lost", "nacks", "resent", "plis", "keys", "dropped")
    report(what, {**more, **{key: received.get(key) for key in keys}})
    return received
