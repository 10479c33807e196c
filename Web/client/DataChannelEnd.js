// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import { EventEmitter } from './EventEmitter.js';

/** One end of a data channel, whichever way it goes: its opening, its errors and its end. */
export class DataChannelEnd extends EventEmitter {
  observer = new EventEmitter();
  #closed = false;
  #onClose;

  constructor(dataChannel, onClose) {
    super();
    this.dataChannel = dataChannel;
    this.#onClose = onClose;
    dataChannel.addEventListener('open', () => {
      if (!this.#closed) this.emit('open');
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
