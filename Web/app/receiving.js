// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/** The pictures and sounds that come from others on the present connection, each with the person it comes from. */
export class Receiving {
  #consumers = new Map();
  /** Consumers that the browser is still taking in, by id: {isPaused}. They may close or pause before they are here. */
  #arriving = new Map();
  #onChange;

  /** `onChange` (peer) hears when something of a person comes, goes, or is paused. */
  constructor(onChange) {
    this.#onChange = onChange;
  }

  /** What comes now: [{peer, consumer}]. */
  get entries() {
    return [...this.#consumers.values()];
  }

  /** The person and the consumer of a received track. */
  find(trackId) {
    return this.entries.find(({ consumer }) => consumer.track.id === trackId);
  }

  has(peer) {
    return this.entries.some((entry) => entry.peer === peer);
  }

  /** Takes in what the request `newConsumer` describes; `isWanted` tells whether the person is still there. */
  async take(transport, peer, data, isWanted) {
    const { id, producerId, kind, rtpParameters, appData } = data;
    const arriving = { isPaused: Boolean(data.producerPaused) };
    this.#arriving.set(id, arriving);
    const isScreen = appData?.source === 'screen' || Boolean(appData?.share);
    let consumer;
    try {
      consumer = await transport.consume({
        id,
        producerId,
        kind,
        rtpParameters,
        streamId: `${peer.id}${isScreen ? '-screen' : ''}`,
        appData: { ...appData, peerId: peer.id, isScreen },
      });
      if (transport.closed || !this.#arriving.has(id) || !isWanted()) {
        consumer.close();
        throw new Error('closed meanwhile');
      }
    } finally {
      // Another connection may expect one of the same id by now.
      if (this.#arriving.get(id) === arriving) this.#arriving.delete(id);
    }
    consumer.appData.producerPaused = arriving.isPaused;
    this.#consumers.set(id, { peer, consumer });
    consumer.on('transportclose', () => this.#consumers.delete(id));
    consumer.on('trackended', () => this.#onChange(peer));
    this.#onChange(peer);
  }

  /** Takes in `consumerClosed`. */
  close(id) {
    this.#arriving.delete(id);
    const found = this.#consumers.get(id);
    if (!found) return;
    this.#consumers.delete(id);
    found.consumer.close();
    this.#onChange(found.peer);
  }

  /** Takes in `consumerPaused` and `consumerResumed`. */
  setPaused(id, isPaused) {
    const arriving = this.#arriving.get(id);
    if (arriving) arriving.isPaused = isPaused;
    const found = this.#consumers.get(id);
    if (!found) return;
    found.consumer.appData.producerPaused = isPaused;
    this.#onChange(found.peer);
  }

  /** A person has left. */
  drop(peer) {
    for (const entry of this.entries) if (entry.peer === peer) this.close(entry.consumer.id);
  }

  /** The connection is gone, and everything with it. */
  stop() {
    const owners = new Set(this.entries.map(({ peer }) => peer));
    this.#consumers.clear();
    this.#arriving.clear();
    for (const peer of owners) this.#onChange(peer);
  }
}
