// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import { DataChannelEnd } from './DataChannelEnd.js';
import { InvalidStateError } from './errors.js';

/**
 * A data channel to the server. Emits `open`, `bufferedamountlow`, `error` (error), `close` where the other end closed it,
 * and `transportclose`.
 */
export class DataProducer extends DataChannelEnd {
  constructor({ id, dataChannel, sctpStreamParameters, appData }, onClose) {
    super(dataChannel, onClose);
    Object.assign(this, { id, sctpStreamParameters, appData });
    dataChannel.addEventListener('bufferedamountlow', () => {
      if (!this.closed) this.emit('bufferedamountlow');
    });
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
    if (this.closed) throw new InvalidStateError('closed');
    this.dataChannel.send(data);
  }
}
