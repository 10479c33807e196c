// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// Sends files to everybody in the room, one after the other, no faster than pictures and sound can bear.

import { EventEmitter } from '../client/index.js';
import { CHUNK, CHUNK_PAYLOAD, LARGEST_FILE, safeName, writeCancel, writeChunk, writeFile } from './messages.js';

/** Bits a second: while media is being sent, and otherwise, when slow receivers are still to follow. */
const RATE_BESIDE_MEDIA = 1_000_000;
const RATE_ALONE = 4_000_000;
/** Bytes that may be on their way inside this browser; and the rest at which more follow. */
const MOST_BUFFERED = 64 << 10;
const LOW = 32 << 10;
/** Milliseconds that a late timer may make up for: background pages are woken once a second. */
const CATCH_UP = 500;
/** Files that may wait, the one being sent included. */
const MOST_WAITING = 5;
/** How often a file is begun when connections break under it. */
const MOST_TRIES = 3;

/**
 * Files on their way out. Emits `changed` (file): {id, name, size, sent, state: 'waiting', 'sending', 'sent', 'failed' or
 * 'stopped', why}.
 */
export class FileSending extends EventEmitter {
  #channels;
  #hasMedia;
  #queue = [];
  #isRunning = false;
  #isEnded = false;
  #nextNumber = 1;
  /** When the next byte may leave. */
  #due = 0;

  /** `hasMedia` tells whether pictures or sound are being sent now. */
  constructor(channels, hasMedia) {
    super();
    [this.#channels, this.#hasMedia] = [channels, hasMedia];
    channels.on('open', () => this.#run());
  }

  /** Takes a file to send, and returns what becomes of it. Throws, in words for people, where it cannot be sent. */
  add(blob) {
    if (blob.size > LARGEST_FILE) throw new Error(`“${safeName(blob.name)}” is larger than 4 MiB, which is the most that can be sent here.`);
    if (this.#queue.length >= MOST_WAITING) throw new Error('Some files are still on their way. Send the others when these have arrived.');
    const file = {
      id: crypto.getRandomValues(new Uint32Array(3)).join('-'), name: safeName(blob.name), size: blob.size, time: Date.now(), sent: 0, state: 'waiting',
      blob, tries: 0,
    };
    this.#queue.push(file);
    this.#run();
    return file;
  }

  stop(file) {
    if (file.state !== 'waiting' && file.state !== 'sending') return;
    if (file.state === 'sending') this.#channels.send('files', writeCancel(file.number));
    this.#finish(file, 'stopped');
  }

  /** The meeting is over for this person. */
  end() {
    this.#isEnded = true;
    for (const file of [...this.#queue]) this.#finish(file, 'failed', 'You left before it was sent.');
  }

  async #run() {
    if (this.#isRunning || this.#isEnded || this.#channels.state !== 'open') return;
    this.#isRunning = true;
    while (this.#queue.length > 0 && this.#channels.state === 'open') {
      const [file] = this.#queue;
      try {
        await this.#send(file);
      } catch (error) {
        if (file.state !== 'sending') continue;
        file.tries += 1;
        if (error.isPermanent || file.tries >= MOST_TRIES) this.#finish(file, 'failed', error.isPermanent ? error.message : 'The connection broke.');
        else Object.assign(file, { state: 'waiting', sent: 0 });
        this.emit('changed', file);
        // Where the connection is gone, the next one goes on.
        await sleep(500);
      }
    }
    this.#isRunning = false;
  }

  async #send(file) {
    Object.assign(file, { state: 'sending', sent: 0, number: this.#nextNumber });
    this.#nextNumber += 1;
    const producer = await this.#channels.open('files');
    producer.bufferedAmountLowThreshold = LOW;
    producer.send(writeFile(file));
    const told = (offset) => {
      file.sent = Math.max(0, offset - producer.bufferedAmount);
      this.emit('changed', file);
    };
    for (let offset = 0; offset < file.size;) {
      const payload = await read(file.blob, offset);
      await this.#pace(payload.length);
      if (producer.bufferedAmount + CHUNK > MOST_BUFFERED) await drained(producer);
      if (file.state !== 'sending') return;
      producer.send(writeChunk(file.number, offset, payload));
      offset += payload.length;
      told(offset);
    }
    while (producer.bufferedAmount > 0) {
      await sleep(50);
      if (producer.closed) throw new Error('the channel was closed');
      if (file.state !== 'sending') return;
      told(file.size);
    }
    this.#finish(file, 'sent');
  }

  /** Waits until so many bytes may leave. */
  async #pace(bytes) {
    const now = performance.now();
    const rate = this.#hasMedia() ? RATE_BESIDE_MEDIA : RATE_ALONE;
    this.#due = Math.max(this.#due, now - CATCH_UP);
    const wait = this.#due - now;
    this.#due += (bytes * 8 * 1000) / rate;
    if (wait > 0) await sleep(wait);
  }

  #finish(file, state, why) {
    this.#queue = this.#queue.filter((entry) => entry !== file);
    Object.assign(file, { state, why, blob: undefined });
    if (state === 'sent') file.sent = file.size;
    this.emit('changed', file);
  }
}

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function read(blob, offset) {
  try {
    return new Uint8Array(await blob.slice(offset, offset + CHUNK_PAYLOAD).arrayBuffer());
  } catch {
    throw Object.assign(new Error('The file could not be read.'), { isPermanent: true });
  }
}

/** Resolves when there is room for more; rejects when the channel ends instead. */
function drained(producer) {
  return new Promise((resolve, reject) => {
    const end = () => reject(new Error('the channel was closed'));
    producer.once('bufferedamountlow', resolve).once('close', end).once('transportclose', end);
    if (producer.closed) end();
    if (producer.bufferedAmount <= LOW) resolve();
  });
}
