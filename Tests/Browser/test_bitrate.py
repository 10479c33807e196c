# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""The bitrate that feedback lets a publisher reach."""
import time

from support import People, report

MAXIMUM = 1_200_000  # Bits per second: what two busy cores encode at 720p and 10 frames per second.


def test_noise_reaches_its_bitrate():
    """A noisy canvas at 720p reaches 80 % of its configured maximum bitrate within 10 s"""
    with People() as people:
        ben = people.join("Ben", video=0, audio=0)
        anna = people.open("Anna", before="probe.noise(1280, 720, 10);", autojoin=1, audio=0, maxBitrate=MAXIMUM)
        sent = "probe.reports('outbound-rtp', 'video').then(all => all.map(r => [r.timestamp, r.bytesSent]))"
        received = "probe.reports('inbound-rtp', 'video').then(all => all.map(r => [r.timestamp, r.bytesReceived]))"
        anna.wait("probe.reports('outbound-rtp', 'video').then(all => all[0]?.bytesSent > 0)", 20, "Anna sends")
        start = time.monotonic()
        ends = {}
        samples = {"sends": [], "receives": []}
        while time.monotonic() - start < 12 and len(ends) < 2:
            for what, page, question in (("sends", anna, sent), ("receives", ben, received)):
                if answer := page.eval(question):
                    samples[what].append(answer[0])
                    rate = rate_of(samples[what])
                    if rate >= 0.8 * MAXIMUM and what not in ends:
                        ends[what] = time.monotonic() - start
            time.sleep(0.5)
        report("noise: seconds to 80 % of the maximum bitrate", {k: round(v, 1) for k, v in ends.items()})
        rates = {what: round(rate_of(all_of)) for what, all_of in samples.items()}
        assert ends.get("sends", 99) <= 10, f"Anna does not reach the bitrate: {rates}"
        # Ben's view of it may end a little later.
        assert "receives" in ends, f"Ben does not receive it: {rates}"
        size = anna.eval("probe.reports('outbound-rtp', 'video').then(all => [all[0].frameWidth, all[0].frameHeight])")
        assert size == [1280, 720], size


def rate_of(samples, window=2000):
    """Bits per second over the last two seconds of (milliseconds, bytes), 0 before there are so many."""
    last = samples[-1] if samples else (0, 0)
    for at, count in reversed(samples):
        if last[0] - at >= window:
            return (last[1] - count) * 8000 / (last[0] - at)
    return 0
