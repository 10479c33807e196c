# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""What viewers want and senders hear of it; who is heard; frames that the server cannot read; many viewers."""
import json
import pathlib
import subprocess
import time

from layers import RECEIVED, SENT, report_stream, sends, shows
from support import CAMERA, OUTPUT, People, report, sees
from test_aiortc import python

HERE = pathlib.Path(__file__).parent
SMALL_CAMERA = "probe.camera(640, 360, 15);"
ACTIVE = "swiftlet.room.sending.producers.get('camera').activeEncodings.map(Number).join('')"
VIEWERS = 30


def test_demand():
    """What nobody watches is not sent, and is again as soon as somebody does; the page says so"""
    with People() as people:
        anna = people.join("Anna", before=SMALL_CAMERA, audio=0, sizes=3)
        anna.wait(f"{ACTIVE} === '100'", 15, "alone, Anna sends the smallest size only")
        anna.click("#details-button")
        off = "[...document.querySelectorAll('#details .streams [data-off]')].map(e => e.textContent).join(' | ')"
        anna.wait(f"(t => /nobody watches.*nobody watches/.test(t))({off})", 5, "the details say what is off")
        anna.screenshot(OUTPUT / "details-nobody-watches.png")
        ben = people.join("Ben", video=0, audio=0, quality="high")
        start = time.monotonic()
        anna.wait(f"{ACTIVE}[2] === '1'", 3, "the large size is on at once")
        report("demand: seconds until the large size is on", round(time.monotonic() - start, 1))
        report("demand: seconds until it is seen", shows(ben, "Anna", 640, 10))
        ben.run("probe.choose('Anna', 'low')")
        shows(ben, "Anna", 160)
        start = time.monotonic()
        anna.wait(f"{ACTIVE} === '100'", 12, "larger sizes are off again")
        took = time.monotonic() - start
        report("demand: seconds until they are off", round(took, 1))
        assert took > 2, "off too soon: somebody may only have resized a window"
        anna.wait(f"{SENT}.then(all => all.slice(1).every(r => r.active === false))", 5, "nothing of them is encoded")
        ben.run("probe.choose('Anna', 'medium')")
        anna.wait(f"{ACTIVE} === '110'", 3, "the middle size is on at once")
        shows(ben, "Anna", 320)


def test_tiles():
    """A tile gets what it can show: less in a small window, nothing when hidden or when the viewer wants none"""
    with People() as people:
        anna = people.join("Anna", before=SMALL_CAMERA, audio=0, sizes=3)
        ben = people.join("Ben", video=0, audio=0, width=1100, height=760)
        shows(ben, "Anna", 640, 15)

        def resize(width, height):
            size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
            ben.send("Emulation.setDeviceMetricsOverride", size)

        resize(300, 480)
        shows(ben, "Anna", 320, 8)
        resize(1100, 760)
        shows(ben, "Anna", 640)
        still = f"(async () => {{ const a = await {RECEIVED}; await new Promise(r => setTimeout(r, 700)); " \
                f"const b = await {RECEIVED}; return a.frames === b.frames; }})()"
        visibility = "Object.defineProperty(document, 'visibilityState', {value: '%s', configurable: true});" \
                     "document.dispatchEvent(new Event('visibilitychange'));"
        ben.run(visibility % "hidden")
        ben.wait(still, 8, "a hidden page gets no pictures")
        ben.run(visibility % "visible")
        shows(ben, "Anna", 640)
        ben.run("probe.choose('Anna', 'off')")
        ben.wait(still, 5, "who wants no picture gets none")
        assert ben.eval("getComputedStyle(probe.tile('Anna').querySelector('.avatar')).display") == "grid"
        ben.run("probe.choose('Anna', '')")
        shows(ben, "Anna", 640)
        # For everybody, in the dialog, by keyboard and screen reader as by mouse.
        ben.run("const q = document.querySelector('#quality'); q.value = 'low'; q.dispatchEvent(new Event('change'));")
        shows(ben, "Anna", 160)
        assert ben.eval("probe.tile('Anna').querySelector('.quality select').ariaLabel") == "Quality of Anna"


def test_sending_otherwise():
    """Codec and layers are changed in the settings during a call"""
    with People() as people:
        anna = people.join("Anna", before=SMALL_CAMERA, audio=0)
        ben = people.join("Ben", video=0, audio=0)
        sees(ben, "Anna")
        for codec, layers, mode in (("VP9", "svc", "L2T3_KEY"), ("H264", "single", "L1T1")):
            anna.run(f"for (const [id, value] of [['#send-codec', '{codec}'], ['#send-layers', '{layers}']]) {{"
                     "const e = document.querySelector(id); e.value = value; e.dispatchEvent(new Event('change')); }")
            ben.wait(f"{RECEIVED}.then(r => r?.codec === 'video/{codec}' && r.frames > 10)", 15, f"Ben gets {codec}")
            # What was sent before stays in the statistics.
            sent = [stream for stream in anna.eval(SENT) if stream["codec"] == f"video/{codec}"]
            assert [stream["mode"] for stream in sent] == [mode], sent
        assert not anna.errors and not ben.errors, (anna.errors, ben.errors)


def test_voices():
    """Meters move with voices, and who speaks is marked by more than a colour"""
    voice = CAMERA + "probe.voice();"
    with People() as people:
        anna = people.join("Anna", before=voice, video=0)
        ben = people.join("Ben", video=0, audio=0)
        heard = "Number(probe.tile('Anna')?.dataset.level ?? 0) > 2"
        marked = "probe.tile('Anna').classList.contains('speaking') && " \
                 "!probe.tile('Anna').querySelector('.badge-voice').hidden"
        ben.wait(heard, 15, "Anna's meter moves")
        ben.wait(marked, 10, "Anna is marked as speaking")
        assert ben.eval("probe.tile('Anna').querySelector('.badge-voice').ariaLabel") == "Speaking"
        anna.wait("Number(document.querySelector('.tile.self').dataset.level) > 2", 5, "her own meter moves, too")
        ben.screenshot(OUTPUT / "speaking.png")
        anna.click("#toggle-mic")
        ben.wait(f"!({heard}) && !({marked})", 5, "nobody is heard any more")
        anna.click("#toggle-mic")
        ben.wait(f"({heard}) && ({marked})", 10, "Anna has the word again")
        # Who comes later sees it, too.
        clara = people.join("Clara", video=0, audio=0)
        clara.wait(f"({heard}) && ({marked})", 5, "a newcomer sees who speaks")


def test_redundant_sound():
    """Sound goes out with redundancy when asked for, and is heard"""
    with People() as people:
        anna = people.join("Anna", before=CAMERA + "probe.voice();", video=0, red=1)
        ben = people.join("Ben", video=0, audio=0)
        ben.wait("probe.hear('Anna').then(loudness => loudness > 0.02)", 15, "Ben hears Anna")
        sent = anna.eval("swiftlet.room.sending.producers.get('mic').rtpParameters.codecs.map(c => c.mimeType)")
        received = ben.eval("swiftlet.room.consumers[0].consumer.rtpParameters.codecs.map(c => c.mimeType)")
        assert "audio/red" in sent and "audio/red" in received, (sent, received)
        # Statistics name the codec inside; but each packet repeats the one before, which has come already.
        ben.wait("probe.reports('inbound-rtp', 'audio').then(([r]) => r.packetsReceived > 100 && "
                 "r.packetsDiscarded > 0.8 * r.packetsReceived)", 10, "every packet comes twice")


# Encrypts what leaves the encoder and decrypts what goes to the decoder: every byte after the first `clear` ones.
ENCRYPTING = """
(() => {
  const clear = %s;
  const Native = window.RTCPeerConnection;
  // What nothing refers to may be collected, and then no frame passes.
  const kept = window.kept = [];
  const turn = ({ readable, writable }) => {
    kept.push(readable, writable);
    readable.pipeThrough(new TransformStream({
      transform(frame, controller) {
        const bytes = new Uint8Array(frame.data.slice(0));
        for (let i = clear(frame); i < bytes.length; i += 1) bytes[i] ^= 0x5a;
        frame.data = bytes.buffer;
        window.turned = (window.turned ?? 0) + 1;
        controller.enqueue(frame);
      },
    })).pipeTo(writable);
  };
  window.RTCPeerConnection = class extends Native {
    constructor(configuration) {
      super({ ...configuration, encodedInsertableStreams: true });
      this.addEventListener('track', ({ receiver }) => turn(receiver.createEncodedStreams()));
    }
    addTransceiver(track, ...rest) {
      const transceiver = super.addTransceiver(track, ...rest);
      if (typeof track !== 'string') turn(transceiver.sender.createEncodedStreams());
      return transceiver;
    }
  };
})();"""


def encrypted(what, clear, widths, **parameters):
    with People() as people:
        before = SMALL_CAMERA + ENCRYPTING % clear
        anna = people.join("Anna", before=before, **parameters)
        ben = people.join("Ben", before=before, video=0, audio=0, quality="high")
        sees(ben, "Anna")
        # Choosing among layers works without reading the frames.
        for quality, width in (("low", widths[0]), ("high", widths[1])):
            ben.run(f"probe.choose('Anna', '{quality}')")
            shows(ben, "Anna", width, 8)
        assert min(page.eval("window.turned") for page in (anna, ben)) > 30, "nothing was encrypted"
        report_stream(what, ben)


def test_encrypted_frames():
    """A page that encrypts its frames gets through: VP8 but for its header, VP9 in layers altogether"""
    encrypted("encrypted VP8 simulcast", "(f) => f.type === 'key' ? 10 : f.type === 'delta' ? 3 : 1", (320, 640))
    encrypted("encrypted VP9 SVC", "() => 0", (320, 640), codec="vp9", layers="svc")


def test_many_viewers():
    """Thirty viewers of one stream get all of it, and ask its sender for few key frames"""
    with People() as people:
        anna = people.join("Anna", before=SMALL_CAMERA, audio=0)
        sends(anna, (320, 640))
        before = anna.eval(SENT)
        start = time.monotonic()
        command = [python(), HERE / "aiortc_viewers.py", people.server.port, people.room, VIEWERS]
        pipe = subprocess.PIPE
        crowd = subprocess.Popen([*map(str, command)], stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        try:
            assert crowd.stdout.readline() == "ready\n", crowd.stderr.read()[-3000:]
            came = time.monotonic() - start
            time.sleep(5)
            after = anna.eval(SENT)
            out, error = crowd.communicate(timeout=20)
            assert crowd.returncode == 0, error[-3000:]
        finally:
            crowd.kill()
        results = json.loads(out.splitlines()[-1])
        packets = sorted(result["packets"] for result in results)
        lost = sum(result["expected"] - result["packets"] for result in results)
        plis = sum(b["plis"] - a["plis"] for a, b in zip(before, after))
        keys = sum(b["keys"] - a["keys"] for a, b in zip(before, after))
        report("30 viewers", {"came in": round(came, 1), "packets": [packets[0], packets[15], packets[-1]],
                              "lost": lost, "plis": plis, "key frames": keys})
        assert len(results) == VIEWERS and not any(result["closed"] for result in results), results
        # 5 s at 15 frames; the last to come has all of it.
        assert packets[0] >= 50, packets
        assert lost <= 0.01 * sum(packets), lost
        assert not any(result["strangers"] for result in results), results
        # At most one request a second and stream, however many come.
        assert plis <= 2 * (came + 6), (plis, came)
