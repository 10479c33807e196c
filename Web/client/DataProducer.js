// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import { InvalidStateError } from './errors.js';
import { EventEmitter } from './EventEmitter.js';

/**
 * A data channel to the server. Emits `open`, `bufferedamountlow`, `error` (error), `close` where the other end closed it,
 * and `transportclose`.
 */
export class DataProducer extends EventEmitter {
  observer = new EventEmitter();
  #closed = false;
  #onClose;

  constructor({ id, dataChannel, sctpStreamParameters, appData }, onClose) {
    super();
    Object.assign(this, { id, dataChannel, sctpStreamParameters, appData });
    this.#onClose = onClose;
    dataChannel.addEventListener('open', () => {
      if (!this.#closed) this.emit('open');
    });
    dataChannel.addEventListener('bufferedamountlow', () => {
      if (!this.#closed) this.emit('bufferedamountlow');
    });
    dataChannel.addEventListener('error', (event) => {
      if (!this.#closed) this.emit('error', event.error ?? new Error('the data channel failed'));
    });
    dataChannel.addEventListener('close', () => {
      if (this.#closed) return;
      this.#end();
      this.emit('close');
    });
  }

  get closed() {
    return this.#closed;
  }

  get readyState() {
    return this.dataChannel.readyState;
  }

  get label() {
    return this.dataChannel.label;
  }

  get protocol() {
    return this.dataChannel.protocol;
  }

  /** Bytes that `send` took and that have not left yet. */
  get bufferedAmount() {
    return this.dataChannel.bufferedAmount;
  }

  /** When so many bytes are left or fewer, `bufferedamountlow` is emitted. */
  get bufferedAmountLowThreshold() {
    return this.dataChannel.bufferedAmountLowThreshold;
  }

  set bufferedAmountLowThreshold(bytes) {
    this.dataChannel.bufferedAmountLowThreshold = bytes;
  }

  /** Sends text, an ArrayBuffer, a view of one or a Blob. Throws before `open`, and for what the server would not take. */
  send(data) {
    if (this.#closed) throw new InvalidStateError('closed');
    this.dataChannel.send(data);
  }

  /** Closes the channel at this end; the server is told by the application. */
  close() {
    if (this.#closed) return;
    this.#end();
    this.dataChannel.close();
  }

  /** Called by the transport when it closes. */
  transportClosed() {
    if (this.#closed) return;
    this.#end();
    this.dataChannel.close();
    this.emit('transportclose');
  }

  #end() {
    this.#closed = true;
    this.#onClose(this);
    this.observer.emit('close');
  }
}
