// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import { probe } from './browser.js';
import { SCTP_CAPABILITIES } from './dataChannels.js';
import { InvalidStateError, UnsupportedError } from './errors.js';
import { EventEmitter } from './EventEmitter.js';
import { checkCapabilities, intersectCapabilities } from './negotiation.js';
import { RecvTransport } from './RecvTransport.js';
import { SendTransport } from './SendTransport.js';

/** This browser as a peer of a router: learns what both can do, and makes transports. */
export class Device {
  #router;
  #send;
  #recv;
  #hasScalabilityModes = false;
  #isLoading = false;

  /** Emits `newtransport` (transport). */
  observer = new EventEmitter();

  get loaded() {
    return this.#recv !== undefined;
  }

  /** What this browser can receive from the router: hand it to the server before consuming. */
  get recvRtpCapabilities() {
    this.#checkLoaded();
    return structuredClone(this.#recv);
  }

  /** What this browser can send to the router. */
  get sendRtpCapabilities() {
    this.#checkLoaded();
    return structuredClone(this.#send);
  }

  /** The older name of {@link recvRtpCapabilities}. */
  get rtpCapabilities() {
    return this.recvRtpCapabilities;
  }

  /** What this browser can do in SCTP: hand it to the server when asking for transports that carry data. */
  get sctpCapabilities() {
    this.#checkLoaded();
    return structuredClone(SCTP_CAPABILITIES);
  }

  /** Compares the browser with the router; once, before anything else. */
  async load({ routerRtpCapabilities } = {}) {
    if (this.loaded || this.#isLoading) throw new InvalidStateError('already loaded');
    checkCapabilities(routerRtpCapabilities);
    this.#isLoading = true;
    try {
      this.#router = structuredClone({ headerExtensions: [], ...routerRtpCapabilities });
      const [sending, receiving] = [await probe('sendonly'), await probe('recvonly')];
      this.#hasScalabilityModes = sending.hasScalabilityModes;
      this.#send = intersectCapabilities(sending.sections, this.#router, 'send');
      this.#recv = intersectCapabilities(receiving.sections, this.#router, 'recv');
    } finally {
      this.#isLoading = false;
    }
  }

  /** Whether the browser can send several frame rates, and with VP9 and AV1 several sizes, in one stream. */
  get hasScalabilityModes() {
    this.#checkLoaded();
    return this.#hasScalabilityModes;
  }

  canProduce(kind) {
    this.#checkLoaded();
    if (kind !== 'audio' && kind !== 'video') throw new TypeError(`invalid kind "${kind}"`);
    return this.#send.codecs.some((codec) => codec.kind === kind && !/\/(rtx|red)$/i.test(codec.mimeType));
  }

  createSendTransport(options) {
    return this.#create(SendTransport, options);
  }

  createRecvTransport(options) {
    return this.#create(RecvTransport, options);
  }

  #create(Type, options) {
    this.#checkLoaded();
    for (const key of ['id', 'iceParameters', 'iceCandidates', 'dtlsParameters']) {
      if (!options?.[key]) throw new TypeError(`missing ${key}`);
    }
    if (options.appData !== undefined && (typeof options.appData !== 'object' || options.appData === null)) {
      throw new TypeError('if given, appData must be an object');
    }
    if (typeof globalThis.RTCPeerConnection !== 'function') throw new UnsupportedError('this browser has no WebRTC');
    const hasScalabilityModes = this.#hasScalabilityModes;
    const capabilities = { router: this.#router, send: this.#send, recv: this.#recv, hasScalabilityModes };
    const transport = new Type(options, capabilities);
    this.observer.emit('newtransport', transport);
    return transport;
  }

  #checkLoaded() {
    if (!this.loaded) throw new InvalidStateError('not loaded');
  }
}
