// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import { DataChannels } from './dataChannels.js';
import { InvalidStateError, UnsupportedError } from './errors.js';
import { EventEmitter } from './EventEmitter.js';
import { parseDescription, writeDescription } from './sdp.js';

/**
 * One RTCPeerConnection to the server, which is its ICE-lite, DTLS-passive other end.
 *
 * Emits `connect` ({dtlsParameters}, callback, errback), `connectionstatechange` (state), `icegatheringstatechange`
 * (state) and `icecandidateerror` (event).
 */
export class Transport extends EventEmitter {
  observer = new EventEmitter();
  /** For the subclasses: the data channels there are. */
  dataChannels;
  #id;
  #connection;
  #remote;
  #configuration;
  #version = 0;
  #tasks = Promise.resolve();
  #isConnected = false;
  #closed = false;
  #state = 'new';

  constructor({ id, iceParameters, iceCandidates, dtlsParameters, sctpParameters, iceServers, iceTransportPolicy, ...rest }) {
    super();
    this.#id = id;
    this.appData = rest.appData ?? {};
    this.#remote = structuredClone({ iceParameters, iceCandidates, dtlsParameters });
    this.#configuration = {
      iceServers: iceServers ?? [],
      iceTransportPolicy: iceTransportPolicy ?? 'all',
      bundlePolicy: 'max-bundle',
      rtcpMuxPolicy: 'require',
      ...rest.additionalSettings,
    };
    this.#connection = new RTCPeerConnection(this.#configuration);
    const connection = this.#connection;
    this.dataChannels = new DataChannels(connection, structuredClone(sctpParameters));
    connection.addEventListener('connectionstatechange', () => this.#follow(connection.connectionState));
    // Where the aggregate state is missing, ICE's own comes nearest.
    if (connection.connectionState === undefined) {
      connection.addEventListener('iceconnectionstatechange', () => {
        const names = { checking: 'connecting', completed: 'connected' };
        this.#follow(names[connection.iceConnectionState] ?? connection.iceConnectionState);
      });
    }
    connection.addEventListener('icegatheringstatechange', () => {
      this.emit('icegatheringstatechange', connection.iceGatheringState);
    });
    connection.addEventListener('icecandidateerror', (event) => this.emit('icecandidateerror', event));
  }

  get id() {
    return this.#id;
  }

  get closed() {
    return this.#closed;
  }

  get connectionState() {
    return this.#state;
  }

  get iceGatheringState() {
    return this.#connection.iceGatheringState;
  }

  /** The connection itself, for what this library does not wrap. */
  get peerConnection() {
    return this.#connection;
  }

  async getStats() {
    this.checkOpen();
    return this.#connection.getStats();
  }

  async updateIceServers({ iceServers } = {}) {
    if (!Array.isArray(iceServers)) throw new TypeError('missing iceServers');
    await this.enqueue(async () => {
      this.#configuration.iceServers = iceServers;
      this.#connection.setConfiguration({ ...this.#connection.getConfiguration(), iceServers });
    });
  }

  /** Starts ICE afresh with the parameters that the server's own restart gave. */
  async restartIce({ iceParameters } = {}) {
    if (!iceParameters) throw new TypeError('missing iceParameters');
    await this.enqueue(async () => {
      this.#remote.iceParameters = structuredClone(iceParameters);
      if (this.#isConnected) await this.renegotiate({ iceRestart: true });
    });
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.close();
    this.closeChildren();
    this.#follow('closed');
    this.observer.emit('close');
  }

  async produce() {
    throw new UnsupportedError('not a sending Transport');
  }

  async consume() {
    throw new UnsupportedError('not a receiving Transport');
  }

  async produceData() {
    throw new UnsupportedError('not a sending Transport');
  }

  async consumeData() {
    throw new UnsupportedError('not a receiving Transport');
  }

  // For the subclasses.

  checkOpen() {
    if (this.#closed) throw new InvalidStateError('closed');
  }

  /** Runs negotiations one after the other; one that fails does not hold up the next. */
  enqueue(task) {
    const result = this.#tasks.then(() => {
      this.checkOpen();
      return task();
    });
    this.#tasks = result.catch(() => {});
    return result;
  }

  /** Has the server told our fingerprints, before the first description is applied. */
  async connectOnce(sdp) {
    if (this.#isConnected) return;
    const { sections, session } = parseDescription(sdp);
    const { fingerprints } = sections.find((section) => section.fingerprints.length > 0) ?? session;
    if (fingerprints.length === 0) throw new UnsupportedError('the browser offers no DTLS fingerprint');
    await this.ask('connect', { dtlsParameters: { role: 'client', fingerprints } });
    this.checkOpen();
    this.#isConnected = true;
  }

  /** Emits an event that the application answers by callback or errback. */
  ask(name, values) {
    return new Promise((resolve, reject) => {
      const fail = (error) => reject(error instanceof Error ? error : new Error(String(error ?? `${name} failed`)));
      if (!this.emit(name, values, resolve, fail)) fail(new TypeError(`no "${name}" listener set into this transport`));
    });
  }

  /** A description in the server's name. */
  describe(type, sections, extmapAllowMixed) {
    this.#version += 1;
    const setup = type === 'offer' ? 'actpass' : 'passive';
    const transport = this.#remote;
    return { type, sdp: writeDescription({ version: this.#version, setup, transport, sections, extmapAllowMixed }) };
  }

  #follow(state) {
    if (state === this.#state || this.#state === 'closed') return;
    this.#state = state;
    this.emit('connectionstatechange', state);
  }
}
