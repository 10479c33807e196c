// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import { EventEmitter } from './EventEmitter.js';

/**
 * A data channel from the server. Emits `open`, `message` (data: text or, by `binaryType`, an ArrayBuffer or a Blob),
 * `error` (error), `close` where the other end closed it, and `transportclose`.
 */
export class DataConsumer extends EventEmitter {
  observer = new EventEmitter();
  #closed = false;
  #onClose;
  /** What came before the caller of `consumeData` could listen; null from then on. */
  #held = [];

  constructor({ id, dataProducerId, dataChannel, sctpStreamParameters, appData }, onClose) {
    super();
    Object.assign(this, { id, dataProducerId, dataChannel, sctpStreamParameters, appData });
    this.#onClose = onClose;
    dataChannel.addEventListener('open', () => {
      if (!this.#closed) this.emit('open');
    });
    dataChannel.addEventListener('message', ({ data }) => this.#receive(data));
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

  /** What binary messages are handed out as: 'arraybuffer', as in every browser at first, or 'blob'. */
  get binaryType() {
    return this.dataChannel.binaryType;
  }

  set binaryType(type) {
    this.dataChannel.binaryType = type;
  }

  /** Closes the channel at this end; the server is told by the application. */
  close() {
    if (this.#closed) return;
    this.#end();
    this.dataChannel.close();
  }

  /** Called by the transport when the application has had the chance to listen. */
  deliver() {
    const held = this.#held ?? [];
    this.#held = null;
    for (const data of held) this.#receive(data);
  }

  /** Called by the transport when it closes. */
  transportClosed() {
    if (this.#closed) return;
    this.#end();
    this.dataChannel.close();
    this.emit('transportclose');
  }

  #receive(data) {
    if (this.#closed) return;
    if (this.#held) this.#held.push(data);
    else this.emit('message', data);
  }

  #end() {
    this.#closed = true;
    this.#onClose(this);
    this.observer.emit('close');
  }
}
