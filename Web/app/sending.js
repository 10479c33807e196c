// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import { suggestEncodings } from '../client/index.js';

/**
 * What one person sends, by source: 'mic', 'camera', 'screen' and 'screen-audio'. It outlives connections: each new one
 * is given to `start`, and everything that is to be sent goes out on it.
 */
export class Sending {
  /** Producers on the present connection, by source. */
  producers = new Map();
  #settings;
  #onFailure;
  /** By source: {track, paused, hasFailed}. */
  #wanted = new Map();
  /** The present connection: {transport, device, request}. */
  #link;
  #changes = Promise.resolve();
  /** By producer: how it is sent. Another way needs another producer. */
  #ways = new Map();

  /** `settings` are {codec, layers, count, maxBitrate, red}; every one may be absent. */
  constructor(settings, onFailure) {
    this.#settings = { ...settings };
    this.#onFailure = onFailure;
  }

  /** Changes codec, layers or redundancy; what is sent already is sent anew. */
  async configure(changes) {
    Object.assign(this.#settings, changes);
    await Promise.all([...this.#wanted.keys()].map((source) => this.#settle(source)));
  }

  start(link) {
    this.#link = link;
    for (const source of this.#wanted.keys()) this.#settle(source);
  }

  /** The connection is gone; what is to be sent stays known. */
  stop() {
    this.#link = undefined;
    this.producers.clear();
    this.#ways.clear();
  }

  has(source) {
    return this.#wanted.has(source);
  }

  /** Whether anything is to go out that did not fail to. */
  get isNeeded() {
    return [...this.#wanted.values()].some(({ track, hasFailed }) => track && !hasFailed);
  }

  /** Sends a track; null ends it. */
  async send(source, track) {
    if (track) this.#wanted.set(source, { track, paused: false });
    else this.#wanted.delete(source);
    await this.#settle(source);
  }

  /** Replaces the track of a source without telling the others; null sends nothing meanwhile. */
  async replaceTrack(source, track) {
    const entry = this.#wanted.get(source);
    if (entry) entry.track = track;
    await this.#enqueue(async () => {
      const producer = this.producers.get(source);
      if (producer && !producer.closed) await producer.replaceTrack({ track });
    });
    if (track && !this.producers.has(source)) await this.#settle(source);
  }

  async setPaused(source, paused) {
    const entry = this.#wanted.get(source);
    if (!entry) return;
    entry.paused = paused;
    await this.#enqueue(async () => {
      const producer = this.producers.get(source);
      if (producer && !producer.closed) await this.#tellPaused(producer, paused);
    });
  }

  async #tellPaused(producer, paused) {
    if (paused) producer.pause();
    else producer.resume();
    const method = paused ? 'pauseProducer' : 'resumeProducer';
    await this.#link.request(method, { producerId: producer.id }).catch((error) => {
      // A new connection tells it anew.
      if (!producer.closed) throw error;
    });
  }

  // One change at a time, so that a quick off and on ends as on.
  #enqueue(task) {
    const result = this.#changes.then(task);
    this.#changes = result.catch(() => {});
    return result;
  }

  /** Brings the producer of a source in line with what is wanted. */
  #settle(source) {
    return this.#enqueue(async () => {
      const link = this.#link;
      const entry = this.#wanted.get(source);
      const producer = this.producers.get(source);
      if (producer && (producer.track !== entry?.track || this.#ways.get(producer) !== this.#wayOf(source))) {
        this.producers.delete(source);
        this.#ways.delete(producer);
        if (!producer.closed) {
          producer.close();
          await link.request('closeProducer', { producerId: producer.id }).catch(() => {});
        }
      }
      if (!entry?.track || !link || link.transport.closed || this.producers.has(source)) return;
      try {
        await this.#produce(source, entry, link);
      } catch (error) {
        // Where the transport is gone, the next connection sends it.
        if (link.transport.closed) return;
        entry.hasFailed = true;
        this.#onFailure(source, error);
      }
    });
  }

  async #produce(source, entry, { transport, device }) {
    const { track } = entry;
    if (!device.canProduce(track.kind)) throw new Error(`This browser cannot send ${track.kind} here.`);
    const isScreen = source.startsWith('screen');
    const way = this.#wayOf(source);
    const { width, height } = track.getSettings?.() ?? {};
    const producer = await transport.produce({
      track,
      streamId: isScreen ? 'screen' : 'person',
      stopTracks: false,
      disableTrackOnPause: source === 'mic',
      // The size lets viewers ask for no more than their tiles show.
      appData: { ...(isScreen ? { source: 'screen', share: true } : { source }), ...(width ? { width, height } : {}) },
      ...this.#mediaOptions(source, track, device),
    });
    this.producers.set(source, producer);
    this.#ways.set(producer, way);
    entry.hasFailed = false;
    if (entry.paused) await this.#tellPaused(producer, true);
  }

  /** What a source is sent by, as text. */
  #wayOf(source) {
    const { codec, layers, count, maxBitrate, red } = this.#settings;
    const isSound = source === 'mic' || source === 'screen-audio';
    return JSON.stringify(isSound ? [red] : source === 'screen' ? [codec] : [codec, layers, count, maxBitrate]);
  }

  #mediaOptions(source, track, device) {
    const { codec, layers, count, maxBitrate, red } = this.#settings;
    if (track.kind === 'audio') {
      const codecOptions = { opusFec: true, opusDtx: false, opusStereo: source !== 'mic' };
      if (red !== undefined) codecOptions.opusRed = red;
      return { codecOptions };
    }
    const options = { codecOptions: { videoGoogleStartBitrate: 1000 } };
    const mimeType = codec ? `video/${codec.toUpperCase()}` : undefined;
    const isHere = ({ kind, mimeType: name }) => kind === 'video' && name.toUpperCase() === mimeType?.toUpperCase();
    // One that this browser or this server does not have would send nothing.
    if (device.sendRtpCapabilities.codecs.some(isHere)) options.codec = { mimeType, clockRate: 90000 };
    if (source === 'screen') return { ...options, layers: 'single' };
    if (maxBitrate) options.encodings = [{ maxBitrate }];
    else if (count) {
      const { hasScalabilityModes } = device;
      options.encodings = suggestEncodings({ ...track.getSettings(), codec: mimeType, layers, count, hasScalabilityModes });
    } else options.layers = layers;
    return options;
  }
}
