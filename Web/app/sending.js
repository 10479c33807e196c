// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

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

  constructor({ codec, maxBitrate }, onFailure) {
    this.#settings = { codec, maxBitrate };
    this.#onFailure = onFailure;
  }

  start(link) {
    this.#link = link;
    for (const source of this.#wanted.keys()) this.#settle(source);
  }

  /** The connection is gone; what is to be sent stays known. */
  stop() {
    this.#link = undefined;
    this.producers.clear();
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
      if (producer && producer.track !== entry?.track) {
        this.producers.delete(source);
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
    const producer = await transport.produce({
      track,
      streamId: isScreen ? 'screen' : 'person',
      stopTracks: false,
      disableTrackOnPause: source === 'mic',
      appData: isScreen ? { source: 'screen', share: true } : { source },
      ...this.#mediaOptions(source, track),
    });
    this.producers.set(source, producer);
    entry.hasFailed = false;
    if (entry.paused) await this.#tellPaused(producer, true);
  }

  #mediaOptions(source, track) {
    if (track.kind === 'audio') return { codecOptions: { opusFec: true, opusDtx: false, opusStereo: source !== 'mic' } };
    const { codec, maxBitrate } = this.#settings;
    const options = { codecOptions: { videoGoogleStartBitrate: 1000 } };
    if (maxBitrate) options.encodings = [{ maxBitrate }];
    if (codec) options.codec = { mimeType: `video/${codec.toUpperCase()}`, clockRate: 90000 };
    return options;
  }
}
