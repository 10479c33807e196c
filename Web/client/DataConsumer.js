// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import { DataChannelEnd } from './DataChannelEnd.js';

/**
 * A data channel from the server. Emits `open`, `message` (data: text or, by `binaryType`, an ArrayBuffer or a Blob),
 * `error` (error), `close` where the other end closed it, and `transportclose`.
 */
export class DataConsumer extends DataChannelEnd {
  /** What came before the caller of `consumeData` could listen; null from then on. */
  #held = [];

  constructor({ id, dataProducerId, dataChannel, sctpStreamParameters, appData }, onClose) {
    super(dataChannel, onClose);
    Object.assign(this, { id, dataProducerId, sctpStreamParameters, appData });
    dataChannel.addEventListener('message', ({ data }) => this.#receive(data));
  }

  /** What binary messages are handed out as: 'arraybuffer', as in every browser at first, or 'blob'. */
  get binaryType() {
    return this.dataChannel.binaryType;
  }

  set binaryType(type) {
    this.dataChannel.binaryType = type;
  }

  /** Called by the transport when the application has had the chance to listen. */
  deliver() {
    const held = this.#held ?? [];
    this.#held = null;
    for (const data of held) this.#receive(data);
  }

  #receive(data) {
    if (this.closed) return;
    if (this.#held) this.#held.push(data);
    else this.emit('message', data);
  }
}
