// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// Cameras, microphones and screens, with errors that people can read.

import { EventEmitter } from '../client/index.js';
import { memory } from './page.js';

const REASONS = {
  NotAllowedError: 'The browser has no permission. Allow it in the address bar and try again.',
  SecurityError: 'The browser has no permission. Allow it in the address bar and try again.',
  NotFoundError: 'Not found. Is it plugged in?',
  OverconstrainedError: 'The chosen one is not there any more.',
  NotReadableError: 'Another program seems to be using it.',
  AbortError: 'It could not be started.',
};

const NAMES = { video: 'Camera', audio: 'Microphone' };

/** What stands in the way of any device at all, or null. */
export function obstacle() {
  if (navigator.mediaDevices?.getUserMedia) return null;
  if (!window.isSecureContext) {
    return 'This page is not secure, so the browser gives it no camera or microphone. Open it with https:// or on localhost. You can still join and watch.';
  }
  return 'This browser gives pages no camera or microphone. You can still join and watch.';
}

export function explain(error) {
  return REASONS[error?.name] ?? error?.message ?? 'It could not be started.';
}

/** What is wrong with which device, as lines to read. */
export function describeProblems(problems) {
  const byText = new Map();
  for (const kind of Object.keys(NAMES)) {
    if (problems[kind]) byText.set(problems[kind], [...(byText.get(problems[kind]) ?? []), NAMES[kind]]);
  }
  return [...byText].map(([text, names]) => (text === obstacle() ? text : `${names.join(' and ')}: ${text}`)).join('\n');
}

/** The local devices and their tracks. Emits `changed` when a track comes, goes or is another. */
export class Media extends EventEmitter {
  tracks = { audio: null, video: null };
  devices = { audioinput: [], videoinput: [], audiooutput: [] };
  chosen = { ...memory.get('devices') };
  #height;
  #asking = {};

  constructor({ height = 720 } = {}) {
    super();
    this.#height = height;
    navigator.mediaDevices?.addEventListener?.('devicechange', () => this.refresh());
  }

  /** Opens the chosen camera or microphone; the last call wins. Throws what the browser throws. */
  async open(kind) {
    const blocked = obstacle();
    if (blocked) throw new Error(blocked);
    const mark = (this.#asking[kind] = Symbol(kind));
    const stream = await this.#ask(kind);
    const [track] = stream.getTracks().filter((candidate) => candidate.kind === kind);
    if (this.#asking[kind] !== mark) {
      track?.stop();
      return this.tracks[kind];
    }
    this.#set(kind, track);
    await this.refresh();
    return track;
  }

  close(kind) {
    this.#asking[kind] = undefined;
    this.#set(kind, null);
  }

  closeAll() {
    for (const kind of ['audio', 'video']) this.close(kind);
  }

  choose(type, deviceId) {
    this.chosen[type] = deviceId;
    memory.set('devices', this.chosen);
  }

  async refresh() {
    const all = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? [];
    for (const type of Object.keys(this.devices)) {
      this.devices[type] = all.filter((device) => device.kind === type && device.deviceId !== '');
    }
    this.emit('changed');
  }

  async #ask(kind) {
    const wanted = this.chosen[kind === 'audio' ? 'audioinput' : 'videoinput'];
    try {
      return await navigator.mediaDevices.getUserMedia({ [kind]: this.#constraints(kind, wanted) });
    } catch (error) {
      if (!wanted || !['OverconstrainedError', 'NotFoundError'].includes(error.name)) throw error;
      return navigator.mediaDevices.getUserMedia({ [kind]: this.#constraints(kind) });
    }
  }

  #constraints(kind, deviceId) {
    const device = deviceId ? { deviceId: { exact: deviceId } } : {};
    if (kind === 'audio') return { echoCancellation: true, noiseSuppression: true, autoGainControl: true, ...device };
    const [width, height] = [Math.round((this.#height * 16) / 9), this.#height];
    return { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: 30 }, ...device };
  }

  #set(kind, track) {
    const old = this.tracks[kind];
    if (old === track) return;
    this.tracks[kind] = track ?? null;
    old?.stop();
    track?.addEventListener('ended', () => {
      if (this.tracks[kind] === track) {
        this.tracks[kind] = null;
        this.emit('ended', kind);
        this.emit('changed');
      }
    });
    this.emit('changed');
  }
}

/** Asks for a screen, window or tab, with its sound where the browser offers that. */
export async function openScreen() {
  if (!navigator.mediaDevices?.getDisplayMedia) throw new Error('This browser cannot share a screen.');
  const stream = await navigator.mediaDevices.getDisplayMedia({
    video: { frameRate: { ideal: 15, max: 30 } },
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  });
  const [video] = stream.getVideoTracks();
  const [audio] = stream.getAudioTracks();
  if ('contentHint' in video) video.contentHint = 'detail';
  return { video, audio };
}
