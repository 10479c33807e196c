// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// Injected before a page joins: keeps every RTCPeerConnection, and offers what tests ask of a page. The page itself
// knows nothing of it.
(() => {
  if (window.probe) return;
  const connections = [];
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...args) {
      super(...args);
      connections.push(this);
    }
  };

  const reports = async (type, kind) => {
    const found = [];
    for (const connection of connections) {
      if (connection.connectionState === 'closed') continue;
      const stats = await connection.getStats();
      const codecs = {};
      stats.forEach((report) => { if (report.type === 'codec') codecs[report.id] = report.mimeType; });
      stats.forEach((report) => {
        if (report.type === type && (!kind || report.kind === kind) && report.trackIdentifier !== 'probator') {
          found.push({ ...report, mimeType: codecs[report.codecId] });
        }
      });
    }
    return found;
  };

  // What a video element shows: its size, its brightness from 0 to 255, and how much neighbouring pixels differ, so
  // that black is told from a picture.
  const picture = (video) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [64, 36];
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.drawImage(video, 0, 0, 64, 36);
    const { data } = context.getImageData(0, 0, 64, 36);
    let [brightness, difference] = [0, 0];
    for (let i = 0; i < data.length; i += 4) {
      brightness += Math.max(data[i], data[i + 1], data[i + 2]) / (data.length / 4);
      if (i > 0) difference += Math.abs(data[i] - data[i - 4]);
    }
    return { width: video.videoWidth, height: video.videoHeight, brightness, difference };
  };

  // Loudness of a stream over a while: root mean square of its samples. Recorded and decoded again, because a machine
  // without a sound card has no running AudioContext in Firefox.
  const loudness = async (stream, milliseconds = 1000) => {
    const recorder = new MediaRecorder(stream);
    const parts = [];
    recorder.ondataavailable = (event) => parts.push(event.data);
    const stopped = new Promise((resolve) => { recorder.onstop = resolve; });
    recorder.start();
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    if (recorder.state !== 'inactive') recorder.stop();
    await stopped;
    const bytes = await new Blob(parts).arrayBuffer();
    if (bytes.byteLength === 0) return 0;
    const samples = (await new OfflineAudioContext(1, 48000, 48000).decodeAudioData(bytes)).getChannelData(0);
    let sum = 0;
    for (const sample of samples) sum += sample * sample;
    return Math.sqrt(sum / samples.length);
  };

  window.probe = {
    connections,
    reports,
    picture,
    loudness,
    // The tiles of other people, by the name they joined with.
    tiles: () => [...document.querySelectorAll('.tile:not(.self, .screen)')].map((tile) => tile.dataset.name).sort(),
    tile: (name) => [...document.querySelectorAll('.tile:not(.screen)')].find((tile) => tile.dataset.name === name),
    video: (name) => window.probe.tile(name)?.querySelector('video'),
    see: (name) => {
      const video = window.probe.video(name);
      return video && video.videoWidth > 0 ? picture(video) : null;
    },
    hear: async (name) => {
      const media = [...(window.probe.tile(name)?.querySelectorAll('video, audio') ?? [])];
      const tracks = media.flatMap((element) => element.srcObject?.getAudioTracks() ?? []);
      return tracks.length ? loudness(new MediaStream([tracks[0]])) : 0;
    },
    // Frames decoded of one person's camera, and of everybody's.
    decodedOf: async (name) => {
      const id = window.probe.video(name)?.srcObject?.getVideoTracks()[0]?.id;
      return (await reports('inbound-rtp', 'video')).find((r) => r.trackIdentifier === id)?.framesDecoded ?? 0;
    },
    decoded: async () => (await reports('inbound-rtp', 'video')).reduce((sum, r) => sum + (r.framesDecoded ?? 0), 0),
    // Whatever size the page asks its camera for, it gets this one: several 720p encoders are too much for two cores.
    camera: (width, height, frameRate) => {
      const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = (constraints) => (
        real(constraints?.video ? { ...constraints, video: { width, height, frameRate } } : constraints)
      );
    },
    // Replaces the microphone by something like a voice: a tone in syllables, loud for most of the time.
    voice: () => {
      const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (constraints) => {
        if (!constraints.audio) return real(constraints);
        const context = new AudioContext();
        const [tone, syllables, gain] = [new OscillatorNode(context, { frequency: 220 }), new OscillatorNode(context, { frequency: 3 }), new GainNode(context, { gain: 0.3 })];
        const output = context.createMediaStreamDestination();
        syllables.connect(new GainNode(context, { gain: 0.25 })).connect(gain.gain);
        tone.connect(gain).connect(output);
        tone.start();
        syllables.start();
        const { stream } = output;
        if (constraints.video) (await real({ video: constraints.video })).getTracks().forEach((track) => stream.addTrack(track));
        return stream;
      };
    },
    // Chooses a quality on a person's tile, as a viewer does.
    choose: (name, quality) => {
      const select = window.probe.tile(name).querySelector('.quality select');
      select.value = quality;
      select.dispatchEvent(new Event('change'));
    },
    // Replaces the camera by noise, which no encoder compresses away.
    noise: (width = 1280, height = 720, fps = 30) => {
      const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (constraints) => {
        if (!constraints.video) return real(constraints);
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [width, height];
        const context = canvas.getContext('2d');
        const tile = context.createImageData(256, 256);
        setInterval(() => {
          for (let i = 0; i < tile.data.length; i += 4) {
            const value = Math.random() * 255;
            [tile.data[i], tile.data[i + 1], tile.data[i + 2], tile.data[i + 3]] = [value, 255 - value, value, 255];
          }
          for (let y = 0; y < height; y += 256) for (let x = 0; x < width; x += 256) context.putImageData(tile, x, y);
        }, 1000 / fps);
        const stream = canvas.captureStream(fps);
        if (constraints.audio) (await real({ audio: constraints.audio })).getTracks().forEach((t) => stream.addTrack(t));
        return stream;
      };
    },
  };
})();
