// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// The choice of devices, and whether the chosen microphone hears anything.

const CHOICES = { videoinput: 'Camera', audioinput: 'Microphone', audiooutput: 'Loudspeaker' };
const hasSinks = 'setSinkId' in HTMLMediaElement.prototype;

/** Fills every place for device choices; `choose` is called with a device's type and id. */
export function showChoices(media, choose) {
  for (const root of document.querySelectorAll('[data-devices]')) {
    for (const [type, title] of Object.entries(CHOICES)) showChoice(media, choose, root, type, title);
  }
}

function showChoice(media, choose, root, type, title) {
  const devices = media.devices[type];
  let label = root.querySelector(`[data-type="${type}"]`);
  if (devices.length === 0 || (type === 'audiooutput' && !hasSinks)) {
    label?.remove();
    return;
  }
  if (!label) {
    label = document.createElement('label');
    label.dataset.type = type;
    label.append(title, document.createElement('select'));
    label.querySelector('select').addEventListener('change', ({ target }) => choose(type, target.value));
    root.append(label);
  }
  const options = devices.map((device, index) => {
    return new Option(device.label || `${title} ${index + 1}`, device.deviceId);
  });
  const select = label.querySelector('select');
  select.replaceChildren(...options);
  const kind = type === 'videoinput' ? 'video' : 'audio';
  const used = type === 'audiooutput' ? undefined : media.tracks[kind]?.getSettings().deviceId;
  const chosen = used ?? media.chosen[type];
  if (devices.some((device) => device.deviceId === chosen)) select.value = chosen;
}

/** A bar that moves with the voice in a track; `find` says in which, or null. */
export function watchLevel(bar, find) {
  let context;
  let analyser;
  let watched = null;
  const samples = new Float32Array(512);
  setInterval(() => {
    const track = find();
    if (track !== watched) {
      context?.close();
      context = undefined;
      watched = track;
      if (track) {
        context = new AudioContext();
        analyser = new AnalyserNode(context, { fftSize: 512 });
        context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
      }
    }
    let level = 0;
    if (track) {
      analyser.getFloatTimeDomainData(samples);
      level = Math.min(1, 4 * Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length));
    }
    bar.style.transform = `scaleX(${level.toFixed(3)})`;
  }, 100);
}
