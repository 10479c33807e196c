// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import { EventEmitter } from '../client/index.js';

/** The channels of this page, by label, and how their messages travel. */
const CHANNELS = {
  chat: {},
  // Files go beside the words, so that these need not wait for them.
  files: {},
  // What is late is worth nothing.
  reactions: { ordered: false, maxRetransmits: 0 },
};
/** Those that are opened at once; others on first need. */
const FIRST = ['chat', 'reactions'];
/** Most channels of one label from one person: while somebody comes back, the old one may stand beside the new. */
const MOST_OF_A_LABEL = 2;
/** How often a channel that ended by itself is opened again on the same connection, and after which pause. */
const MOST_RETRIES = 3;
const RETRY_DELAY = 1000;

/**
 * The data channels of one person in a room, both ways. It outlives connections: each new one is given to `start`.
 *
 * Emits `state` (state: 'closed', 'connecting', 'open', or 'unavailable' where the server or the browser has no data
 * channels), `open` (label), `message` (label, peer, data: text or an ArrayBuffer) and `ended` (label, peer: nothing more
 * comes from there).
 */
export class Channels extends EventEmitter {
  state = 'closed';
  /** What is opened or being opened on the present connection, by label: a promise of a data producer. */
  #producers = new Map();
  #opened = new Map();
  #consumers = new Map();
  /** Data consumers that are still being opened. */
  #arriving = new Set();
  #transport;
  #retries = 0;

  /** Sends over this transport from now on. */
  start(transport) {
    this.#transport = transport;
    this.#retries = 0;
    this.#setState('connecting');
    for (const label of FIRST) this.#produce(label);
  }

  /** The connection is gone. */
  stop() {
    this.#transport = undefined;
    this.#producers.clear();
    this.#opened.clear();
    this.#arriving.clear();
    for (const { peer, consumer } of [...this.#consumers.values()]) this.#remove(consumer, peer);
    this.#setState('closed');
  }

  /** The data producer of a label once messages can be sent; rejects where that cannot be. */
  async open(label) {
    const producer = await this.#produce(label);
    if (!producer) throw new Error('there is no data channel');
    if (producer.readyState === 'open') return producer;
    return new Promise((resolve, reject) => {
      const end = () => reject(new Error('the data channel was closed'));
      producer.once('open', () => resolve(producer)).once('close', end).once('transportclose', end);
      if (producer.closed) end();
    });
  }

  /** Sends a message where that is possible now; returns whether it was. */
  send(label, data) {
    const producer = this.#opened.get(label);
    if (producer?.readyState !== 'open') return false;
    try {
      producer.send(data);
      return true;
    } catch (error) {
      console.warn(`a message on "${label}" was not taken`, error);
      return false;
    }
  }

  /** Takes in what the request `newDataConsumer` describes; `isWanted` tells whether the person is still there. */
  async take(transport, peer, data, isWanted) {
    const { id, dataProducerId, sctpStreamParameters, label, protocol } = data;
    if (!Object.hasOwn(CHANNELS, label)) throw new Error(`nothing here listens to "${label}"`);
    const present = [...this.#consumers.values(), ...this.#arriving].filter((entry) => entry.peer === peer && entry.label === label);
    if (present.length >= MOST_OF_A_LABEL) throw new Error(`there are ${MOST_OF_A_LABEL} channels "${label}" already`);
    const arriving = { id, peer, label };
    this.#arriving.add(arriving);
    let consumer;
    try {
      consumer = await transport.consumeData({ id, dataProducerId, sctpStreamParameters, label, protocol });
      if (transport.closed || !this.#arriving.has(arriving) || !isWanted()) {
        consumer.close();
        throw new Error('closed meanwhile');
      }
    } finally {
      this.#arriving.delete(arriving);
    }
    this.#consumers.set(id, { peer, label, consumer });
    consumer.on('message', (message) => this.emit('message', label, peer, message));
    for (const name of ['close', 'transportclose']) consumer.on(name, () => this.#remove(consumer, peer));
  }

  has(peer) {
    return [...this.#consumers.values(), ...this.#arriving].some((entry) => entry.peer === peer);
  }

  /** Takes in `dataConsumerClosed`. */
  close(id) {
    for (const arriving of this.#arriving) if (arriving.id === id) this.#arriving.delete(arriving);
    const found = this.#consumers.get(id);
    if (found) this.#remove(found.consumer, found.peer);
  }

  /** A person has left. */
  drop(peer) {
    for (const entry of [...this.#consumers.values()]) if (entry.peer === peer) this.#remove(entry.consumer, peer);
  }

  #remove(consumer, peer) {
    if (this.#consumers.get(consumer.id)?.consumer !== consumer) return;
    this.#consumers.delete(consumer.id);
    consumer.close();
    this.emit('ended', consumer.label, peer);
  }

  /** Resolves with a label's producer; with undefined where there can be none. */
  #produce(label) {
    const transport = this.#transport;
    if (!transport) return Promise.resolve(undefined);
    if (!this.#producers.has(label)) {
      const made = transport.produceData({ label, ...CHANNELS[label] }).then(
        (producer) => this.#follow(label, producer, transport),
        (error) => {
          if (transport !== this.#transport) return undefined;
          console.info(`no data channel "${label}":`, error.message);
          this.#producers.delete(label);
          if (label === FIRST[0]) this.#setState('unavailable');
          return undefined;
        });
      this.#producers.set(label, made);
    }
    return this.#producers.get(label);
  }

  #follow(label, producer, transport) {
    if (transport !== this.#transport) return undefined;
    const opened = () => {
      if (transport !== this.#transport || producer.closed) return;
      this.#opened.set(label, producer);
      if (label === FIRST[0]) this.#setState('open');
      this.emit('open', label);
    };
    producer.on('open', opened);
    producer.on('close', () => this.#ended(label, producer, transport));
    if (producer.readyState === 'open') opened();
    return producer;
  }

  /** A channel ended though the connection stands. */
  #ended(label, producer, transport) {
    if (transport !== this.#transport) return;
    this.#producers.delete(label);
    this.#opened.delete(label);
    if (label === FIRST[0]) this.#setState('connecting');
    this.#retries += 1;
    if (this.#retries > MOST_RETRIES) {
      if (label === FIRST[0]) this.#setState('unavailable');
      return;
    }
    setTimeout(() => {
      if (transport === this.#transport && FIRST.includes(label)) this.#produce(label);
    }, RETRY_DELAY);
  }

  #setState(state) {
    if (state === this.state) return;
    this.state = state;
    this.emit('state', state);
  }
}
