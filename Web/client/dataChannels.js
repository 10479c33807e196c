// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// What data producers and data consumers have in common: stream parameters, and channels whose ids the two ends agree on
// by signalling instead of in-band.

import { InvalidStateError, UnsupportedError } from './errors.js';

/** The highest stream id of a data channel, RFC 8831 §6.5. */
const HIGHEST_ID = 65_534;
/** How long a stream that the other end uses anew may take to end its old channel. */
const CLOSING_LIMIT = 5000;

/** What this browser takes and needs: of streams, the number that every browser gives without asking again. */
export const SCTP_CAPABILITIES = Object.freeze({ numStreams: Object.freeze({ OS: 1024, MIS: 1024 }) });

/**
 * How messages travel, with the defaults filled in: ordered unless a limit to the effort is given.
 *
 * Throws a TypeError for what no data channel can be.
 */
export function streamParameters({ streamId, ordered, maxPacketLifeTime, maxRetransmits }) {
  checkNumber('sctpStreamParameters.streamId', streamId, HIGHEST_ID);
  if (ordered !== undefined && typeof ordered !== 'boolean') throw new TypeError('ordered must be a boolean');
  if (maxPacketLifeTime !== undefined) checkNumber('maxPacketLifeTime', maxPacketLifeTime, 65_535);
  if (maxRetransmits !== undefined) checkNumber('maxRetransmits', maxRetransmits, 65_535);
  if (maxPacketLifeTime !== undefined && maxRetransmits !== undefined) {
    throw new TypeError('cannot provide both maxPacketLifeTime and maxRetransmits');
  }
  const isLimited = maxPacketLifeTime !== undefined || maxRetransmits !== undefined;
  const parameters = { streamId, ordered: ordered ?? !isLimited };
  if (maxPacketLifeTime !== undefined) parameters.maxPacketLifeTime = maxPacketLifeTime;
  if (maxRetransmits !== undefined) parameters.maxRetransmits = maxRetransmits;
  return parameters;
}

export function checkText(name, value) {
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string`);
}

function checkNumber(name, value, highest) {
  if (!Number.isInteger(value) || value < 0 || value > highest) throw new TypeError(`invalid ${name}`);
}

/** The channels of one transport, by stream id. An id is taken until its channel has closed at both ends. */
export class DataChannels {
  #connection;
  #parameters;
  #open = new Map();
  #next = 0;

  /** `parameters` are those of the server's end; undefined where the transport carries no data. */
  constructor(connection, parameters) {
    [this.#connection, this.#parameters] = [connection, parameters];
  }

  /** The m-section that these channels need. */
  get section() {
    const { port, maxMessageSize } = this.#parameters;
    return { kind: 'application', sctpPort: port, maxMessageSize, closed: false };
  }

  checkEnabled() {
    if (!this.#parameters) throw new UnsupportedError('SCTP not enabled by remote Transport');
  }

  /** A stream id that no channel has, for one of ours: as long as possible not one that was used lately. */
  takeId() {
    const count = Math.min(this.#parameters.MIS, HIGHEST_ID + 1);
    for (let tried = 0; tried < count; tried += 1) {
      const id = (this.#next + tried) % count;
      if (this.#open.has(id)) continue;
      this.#next = id + 1;
      return id;
    }
    throw new InvalidStateError('no sctpStreamId available');
  }

  /** Opens a channel on a stream that both ends know of. */
  open({ streamId, ...reliability }, label, protocol) {
    const channel = this.#connection.createDataChannel(label, { negotiated: true, id: streamId, ...reliability, protocol });
    channel.binaryType = 'arraybuffer';
    this.#open.set(streamId, channel);
    channel.addEventListener('close', () => {
      if (this.#open.get(streamId) === channel) this.#open.delete(streamId);
    });
    return channel;
  }

  /** Waits until a stream is free: the server may use one anew that here is still being closed. */
  async whenFree(streamId) {
    const old = this.#open.get(streamId);
    if (!old) return;
    if (old.readyState === 'open' || old.readyState === 'connecting') {
      throw new InvalidStateError(`sctpStreamId ${streamId} is in use`);
    }
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new InvalidStateError(`sctpStreamId ${streamId} is still closing`)), CLOSING_LIMIT);
      old.addEventListener('close', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
