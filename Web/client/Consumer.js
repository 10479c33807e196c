// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import { InvalidStateError } from './errors.js';
import { EventEmitter } from './EventEmitter.js';

/** A track being received. Emits `transportclose` and `trackended`. */
export class Consumer extends EventEmitter {
  observer = new EventEmitter();
  #onClose;
  #paused = false;
  #closed = false;

  constructor({ id, producerId, kind, rtpParameters, receiver, track, appData }, onClose) {
    super();
    Object.assign(this, { id, producerId, kind, rtpParameters, rtpReceiver: receiver, track, appData });
    this.#onClose = onClose;
    this.#paused = !track.enabled;
    track.addEventListener('ended', this.#ended);
  }

  get closed() {
    return this.#closed;
  }

  get paused() {
    return this.#paused;
  }

  async getStats() {
    this.#checkOpen();
    return this.rtpReceiver.getStats();
  }

  /** Stops playing at this end; the server is told by the application. */
  pause() {
    this.#checkOpen();
    this.#paused = true;
    this.track.enabled = false;
    this.observer.emit('pause');
  }

  resume() {
    this.#checkOpen();
    this.#paused = false;
    this.track.enabled = true;
    this.observer.emit('resume');
  }

  close() {
    if (this.#closed) return;
    this.#end();
    this.#onClose(this);
  }

  /** Called by the transport when it closes. */
  transportClosed() {
    if (this.#closed) return;
    this.#end();
    this.emit('transportclose');
  }

  #end() {
    this.#closed = true;
    this.track.removeEventListener('ended', this.#ended);
    this.track.stop();
    this.observer.emit('close');
  }

  #ended = () => {
    this.emit('trackended');
    this.observer.emit('trackended');
  };

  #checkOpen() {
    if (this.#closed) throw new InvalidStateError('closed');
  }
}
