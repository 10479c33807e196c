// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// Puts files of other people together again, within bounds.

import { EventEmitter } from '../client/index.js';
import { Allowance, fits, readChunk, readFile } from './messages.js';

/** Files that one person may have on the way here at once. */
const MOST_PER_PEER = 3;
/** The same of everybody together. */
const MOST_ARRIVING = 16;
/** Files of everybody together that are kept, and their bytes; the oldest go first. */
const MOST_KEPT = 32;
const MOST_BYTES = 64 << 20;
/** A file of which nothing came for so long does not come any more. */
const PATIENCE = 30_000;
/** Files that one person may announce. */
const ANNOUNCEMENTS = { burst: 6, perSecond: 0.5 };

/**
 * Files on their way in. Emits `file` (file) for a new one and `changed` (file) afterwards: {id, name, size, time, peer,
 * received, state: 'arriving', 'done', 'failed' or 'gone', why, blob}.
 */
export class FileReceiving extends EventEmitter {
  /** By person and the id that the sender gave. */
  #files = new Map();
  #allowances = new Map();
  #timers = new Map();

  /** Takes in a message of the channel `files`. */
  receive(peer, data) {
    if (typeof data !== 'string') {
      this.#take(peer, data);
      return;
    }
    const message = readFile(data);
    if (!message) return;
    if (message.cancelled !== undefined) {
      const file = this.#arriving(peer).find(({ number }) => number === message.cancelled);
      if (file) this.#fail(file, 'The sender stopped it.');
    } else {
      this.#announce(peer, message);
    }
  }

  /** Nothing more comes from a person's channel. */
  ended(peer) {
    for (const file of this.#arriving(peer)) this.#fail(file, 'The connection to the sender broke.');
  }

  /** The reader does not want a file, or not any more. */
  dismiss(file) {
    if (file.state === 'arriving') this.#fail(file, 'You stopped it.');
  }

  /** Forgets everything. */
  clear() {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const map of [this.#files, this.#allowances, this.#timers]) map.clear();
  }

  #arriving(peer) {
    return [...this.#files.values()].filter((file) => file.state === 'arriving' && file.peer.id === peer.id);
  }

  #announce(peer, message) {
    if (!this.#allowances.has(peer.id)) this.#allowances.set(peer.id, new Allowance(ANNOUNCEMENTS));
    if (!this.#allowances.get(peer.id).take()) return;
    const key = `${peer.id}/${message.id}`;
    const known = this.#files.get(key);
    // Who comes back begins again with what did not arrive.
    if (known && known.state !== 'failed' && known.state !== 'arriving') return;
    const all = [...this.#files.values()].filter((file) => file.state === 'arriving' && file !== known);
    const others = all.filter((file) => file.peer.id === peer.id);
    if (all.length >= MOST_ARRIVING) return;
    if (others.length >= MOST_PER_PEER || others.some(({ number }) => number === message.number)) return;
    const { id, name, size, time, number } = message;
    const file = Object.assign(known ?? { key, id, peer, time }, { name, size, number, received: 0, state: 'arriving', why: undefined, parts: [] });
    this.#files.set(key, file);
    this.emit(known ? 'changed' : 'file', file);
    if (size === 0) this.#finish(file);
    else this.#watch(file);
    this.#makeRoom();
  }

  #take(peer, data) {
    const chunk = readChunk(data);
    const file = chunk && this.#arriving(peer).find(({ number }) => number === chunk.number);
    if (!file) return;
    if (!fits(chunk, file)) {
      this.#fail(file, 'It did not arrive whole.');
      return;
    }
    file.parts.push(chunk.payload);
    file.received += chunk.payload.length;
    if (file.received === file.size) {
      this.#finish(file);
    } else {
      this.#watch(file);
      this.emit('changed', file);
    }
  }

  #finish(file) {
    this.#unwatch(file);
    // Of no type that a browser would show: opened in a page of ours, it could do what the page can.
    file.blob = new Blob(file.parts, { type: 'application/octet-stream' });
    Object.assign(file, { state: 'done', parts: undefined });
    this.#makeRoom();
    this.emit('changed', file);
  }

  #fail(file, why) {
    this.#unwatch(file);
    Object.assign(file, { state: 'failed', why, parts: undefined });
    this.emit('changed', file);
  }

  #watch(file) {
    this.#unwatch(file);
    this.#timers.set(file, setTimeout(() => this.#fail(file, 'It stopped coming.'), PATIENCE));
  }

  #unwatch(file) {
    clearTimeout(this.#timers.get(file));
    this.#timers.delete(file);
  }

  /** Lets the oldest go where there are too many. */
  #makeRoom() {
    const bytes = () => [...this.#files.values()].reduce((sum, { blob }) => sum + (blob?.size ?? 0), 0);
    for (const file of [...this.#files.values()]) {
      if (this.#files.size <= MOST_KEPT && bytes() <= MOST_BYTES) return;
      if (file.state === 'arriving') continue;
      this.#files.delete(file.key);
      Object.assign(file, { state: 'gone', blob: undefined, why: file.why ?? 'It is not kept any longer.' });
      this.emit('changed', file);
    }
  }
}
