// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import { Device, EventEmitter, SignalingClient, browserName } from '../client/index.js';
import { Channels } from './channels.js';
import { Receiving } from './receiving.js';
import { Sending } from './sending.js';

/** How long a broken path may mend by itself before ICE starts afresh. */
const PATIENCE = 1500;
/** How long an ICE restart may take before everything is built anew. */
const RESTART_LIMIT = 7000;
/** How long after a chat channel was taken the history is asked for what was said before that, and how often at most. */
const RECALL_DELAY = 1500;
const RECALL_PAUSE = 5000;

/**
 * One person's membership in a room: signalling, two transports, what is sent and what is received. It comes back by
 * itself when the connection or the server's worker goes.
 *
 * Emits `state` (state, why), `joined` ({again}), `peer` (peer), `peerleft` (peer), `peerchanged` (peer:
 * its name, or what is received of it), `voices` (what is heard of whom), `history` (what was said before) and
 * `sendfailed` (source, error).
 */
export class Room extends EventEmitter {
  peers = new Map();
  /** Who is heard now: {volumes: [{peerId, producerId, volume}], speaker: a peer's id or null}. */
  voices = { volumes: [], speaker: null };
  state = 'new';
  sendTransport;
  recvTransport;
  /** What goes out; see sending.js. */
  sending;
  /** Words, files and signs, both ways; see channels.js. */
  channels = new Channels();
  #receiving = new Receiving((peer) => this.emit('peerchanged', peer));
  #settings;
  #signaling;
  /** Counts attempts to join, so that what belongs to an old one is told apart. */
  #epoch = 0;
  #hasJoined = false;
  #timers = new Map();
  #recallTimer;
  #lastRecall = -Infinity;

  constructor(settings) {
    super();
    this.#settings = settings;
    this.sending = new Sending(settings, (source, error) => {
      this.#updateState();
      this.emit('sendfailed', source, error);
    });
  }

  get roomId() {
    return this.#settings.roomId;
  }

  get peerId() {
    return this.#settings.peerId;
  }

  get displayName() {
    return this.#settings.displayName;
  }

  /** Connects and joins; resolves after the first time, rejects when it fails. */
  join() {
    const url = new URL(location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    url.pathname = '/';
    url.hash = '';
    url.search = new URLSearchParams({ roomId: this.roomId, peerId: this.peerId });
    this.#setState('connecting');
    const signaling = new SignalingClient(url.href, { attempts: Infinity });
    this.#signaling = signaling;
    signaling.on('request', (request, accept, reject) => this.#answer(request, accept, reject));
    signaling.on('notification', ({ method, data }) => this.#notified(method, data));
    signaling.on('disconnected', ({ code, reason }) => {
      this.#tearDown();
      this.#setState('reconnecting', code === 4001 ? 'the media worker was restarted' : reason || 'connection lost');
    });
    return new Promise((resolve, reject) => {
      let attempts = 0;
      signaling.on('reconnecting', ({ attempt }) => {
        if (this.#hasJoined) return;
        attempts = attempt;
        if (attempts > 3) fail(new Error('The server does not answer.'));
      });
      const fail = (error) => {
        this.close();
        reject(error);
      };
      signaling.on('close', ({ reason }) => {
        if (this.state === 'closed') return;
        this.#tearDown();
        this.#setState('closed', reason || 'The server ended the meeting.');
        reject(new Error(reason || 'The server refused the connection.'));
      });
      signaling.on('open', async () => {
        const again = this.#hasJoined;
        this.#tearDown();
        const epoch = this.#epoch;
        try {
          await this.#enter();
          if (epoch !== this.#epoch) return;
          this.#hasJoined = true;
          this.emit('joined', { again });
          resolve();
        } catch (error) {
          if (this.state === 'closed' || epoch !== this.#epoch) return;
          console.warn('joining failed', error);
          if (!again && this.#signaling.connected) fail(error);
          else this.#rebuild('joining failed');
        }
      });
    });
  }

  /** Tries the connection again at once, as when the network is back. */
  retryNow() {
    this.#signaling?.retryNow();
  }

  /** The person and the consumer of a received track. */
  findConsumer(trackId) {
    return this.#receiving.find(trackId);
  }

  /** What is received: [{peer, consumer}]. */
  get consumers() {
    return this.#receiving.entries;
  }

  /**
   * Asks for the layers of a received picture; null for none at all, until the next time. `before` is what was asked for
   * last.
   */
  async setLayers(consumer, layers, before) {
    const { id: consumerId } = consumer;
    if (layers === null) {
      await this.#signaling.request('pauseConsumer', { consumerId });
      consumer.appData.isPausedHere = true;
      return;
    }
    if (consumer.hasLayers) await consumer.setPreferredLayers(layers);
    if (before !== null && !consumer.appData.isPausedHere) return;
    await this.#signaling.request('resumeConsumer', { consumerId });
    consumer.appData.isPausedHere = false;
  }

  close() {
    if (this.state === 'closed') return;
    this.#setState('closed');
    this.#tearDown();
    this.#signaling?.close();
  }

  // MARK: - Joining

  async #enter() {
    const epoch = this.#epoch;
    const stale = () => epoch !== this.#epoch;
    const request = (method, data) => this.#signaling.request(method, data);
    const device = new Device();
    await device.load({ routerRtpCapabilities: await request('getRouterRtpCapabilities') });
    if (stale()) return;
    this.sendTransport = await this.#createTransport('send', device);
    this.recvTransport = await this.#createTransport('recv', device);
    if (stale()) return;
    const { peers, chatHistory } = await request('join', {
      displayName: this.displayName,
      device: { flag: browserName(), name: browserName(), version: browserVersion() },
      rtpCapabilities: device.rtpCapabilities,
      sctpCapabilities: device.sctpCapabilities,
    });
    if (stale()) return;
    // People stay on the page while the connection is away; who left meanwhile goes now.
    const present = new Set((peers ?? []).map(({ id }) => id));
    for (const peer of [...this.peers.values()]) if (!present.has(peer.id) && !this.#isHeard(peer)) this.#removePeer(peer, true);
    for (const peer of peers ?? []) this.#addPeer(peer, true);
    this.emit('history', chatHistory ?? []);
    this.sending.start({ transport: this.sendTransport, device, request });
    this.channels.start(this.sendTransport);
    this.#updateState();
  }

  async #createTransport(direction, device) {
    const epoch = this.#epoch;
    const isSend = direction === 'send';
    const options = await this.#signaling.request('createWebRtcTransport', {
      forceTcp: Boolean(this.#settings.forceTcp),
      producing: isSend,
      consuming: !isSend,
      sctpCapabilities: device.sctpCapabilities,
    });
    if (epoch !== this.#epoch) throw new Error('superseded');
    const transport = isSend ? device.createSendTransport(options) : device.createRecvTransport(options);
    transport.on('connect', ({ dtlsParameters }, callback, errback) => {
      const data = { transportId: transport.id, dtlsParameters };
      this.#signaling.request('connectWebRtcTransport', data).then(callback, errback);
    });
    transport.on('produce', (data, callback, errback) => {
      this.#signaling.request('produce', { transportId: transport.id, ...data }).then(callback, errback);
    });
    transport.on('producedata', (data, callback, errback) => {
      this.#signaling.request('produceData', { transportId: transport.id, ...data }).then(callback, errback);
    });
    transport.on('control', ({ method, data }, callback, errback) => {
      this.#signaling.request(method, data).then(callback, errback);
    });
    transport.on('connectionstatechange', (state) => this.#transportChanged(transport, state));
    return transport;
  }

  /** Ends everything that hangs on the present connection; what is to be sent stays known. */
  #tearDown() {
    this.#epoch += 1;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    clearTimeout(this.#recallTimer);
    this.#setVoices({ volumes: [], speaker: null });
    this.#receiving.stop();
    this.channels.stop();
    const transports = [this.sendTransport, this.recvTransport];
    [this.sendTransport, this.recvTransport] = [];
    for (const transport of transports) transport?.close();
    this.sending.stop();
  }

  /** The last resort: a new connection, which replaces the old membership on the server. */
  #rebuild(why) {
    if (this.state === 'closed') return;
    this.#setState('reconnecting', why);
    this.#tearDown();
    this.#signaling.reconnect(why);
  }

  // MARK: - Media paths

  #transportChanged(transport, state) {
    if (transport !== this.sendTransport && transport !== this.recvTransport) return;
    const clear = () => {
      clearTimeout(this.#timers.get(transport));
      this.#timers.delete(transport);
    };
    if (state === 'connected') clear();
    if (state === 'disconnected' && !this.#timers.has(transport)) {
      this.#timers.set(transport, setTimeout(() => this.#restartIce(transport), PATIENCE));
    }
    if (state === 'failed') {
      clear();
      this.#restartIce(transport);
    }
    this.#updateState();
  }

  async #restartIce(transport) {
    if (transport.closed) return;
    clearTimeout(this.#timers.get(transport));
    this.#timers.set(transport, setTimeout(() => this.#rebuild('the media path broke'), RESTART_LIMIT));
    try {
      const iceParameters = await this.#signaling.request('restartIce', { transportId: transport.id });
      if (!transport.closed) await transport.restartIce({ iceParameters });
    } catch (error) {
      if (transport.closed) return;
      console.warn('ICE could not be restarted', error);
      this.#rebuild('the media path broke');
    }
  }

  #updateState() {
    if (this.state === 'closed' || !this.sendTransport || !this.recvTransport) return;
    const states = [this.sendTransport, this.recvTransport].map((transport) => transport.connectionState);
    if (states.some((state) => state === 'failed' || state === 'disconnected')) {
      this.#setState('reconnecting', 'the media path broke');
    } else if (states.includes('connecting') || (states[0] === 'new' && this.sending.isNeeded)) {
      if (this.state !== 'reconnecting') this.#setState('connecting');
    } else {
      this.#setState('connected');
    }
  }

  #setState(state, why) {
    if (state === this.state || this.state === 'closed') return;
    this.state = state;
    this.emit('state', state, why);
  }

  // MARK: - What the server says

  async #answer({ method, data }, accept, reject) {
    const taker = { newConsumer: this.#receiving, newDataConsumer: this.channels }[method];
    if (!taker || typeof data.peerId !== 'string') {
      reject(taker ? 400 : 404, taker ? 'whose is it?' : `unknown method "${method}"`);
      return;
    }
    const transport = this.recvTransport;
    try {
      if (!transport) throw new Error('not joined');
      // The answer to joining, which names everybody, may still be on its way.
      const peer = this.peers.get(data.peerId) ?? this.#addPeer({ id: data.peerId }, true);
      await taker.take(transport, peer, data, () => this.peers.get(peer.id) === peer);
      accept();
      if (method === 'newDataConsumer' && data.label === 'chat') this.#recallSoon();
    } catch (error) {
      if (transport === this.recvTransport) console.info(`${method} was not accepted:`, error.message);
      reject(500, error.message);
    }
  }

  /** Between joining and taking somebody's chat channel something may have been said. */
  #recallSoon() {
    const epoch = this.#epoch;
    clearTimeout(this.#recallTimer);
    const delay = Math.max(RECALL_DELAY, this.#lastRecall + RECALL_PAUSE - performance.now());
    this.#recallTimer = setTimeout(async () => {
      this.#lastRecall = performance.now();
      // A server that does not know it has told the history with `join`, or keeps none.
      const { chatHistory } = await this.#signaling.request('getChatHistory').catch(() => ({}));
      if (chatHistory && epoch === this.#epoch) this.emit('history', chatHistory);
    }, delay);
  }

  #notified(method, data) {
    switch (method) {
      case 'newPeer':
        this.#addPeer(data, false);
        break;
      case 'peerClosed': {
        const peer = this.peers.get(data.peerId);
        if (peer) this.#removePeer(peer, false);
        break;
      }
      case 'peerDisplayNameChanged': {
        const peer = this.peers.get(data.peerId);
        if (!peer) break;
        peer.displayName = data.displayName;
        this.emit('peerchanged', peer);
        break;
      }
      case 'consumerClosed':
        this.#receiving.close(data.consumerId);
        break;
      case 'dataConsumerClosed':
        this.channels.close(data.dataConsumerId);
        break;
      case 'consumerPaused':
      case 'consumerResumed':
        this.#receiving.setPaused(data.consumerId, method === 'consumerPaused');
        break;
      case 'speakingPeers':
        this.#setVoices({ volumes: Array.isArray(data.peerVolumes) ? data.peerVolumes : [] });
        break;
      case 'activeSpeaker':
        this.#setVoices({ speaker: data.peerId ?? null });
        break;
      default:
        // Layers and scores are for what they are about.
        if (!this.recvTransport?.notified({ method, data })) this.sendTransport?.notified({ method, data });
        break;
    }
  }

  #setVoices(change) {
    Object.assign(this.voices, change);
    this.emit('voices', this.voices);
  }

  #addPeer({ id, displayName }, isSilent) {
    const known = this.peers.get(id);
    const peer = known ?? { id };
    peer.displayName = displayName || peer.displayName || 'Guest';
    this.peers.set(id, peer);
    this.emit(known ? 'peerchanged' : 'peer', peer, isSilent);
    return peer;
  }

  #removePeer(peer, isSilent) {
    this.#receiving.drop(peer);
    this.channels.drop(peer);
    this.peers.delete(peer.id);
    this.emit('peerleft', peer, isSilent);
  }

  #isHeard(peer) {
    return this.#receiving.has(peer) || this.channels.has(peer);
  }
}

function browserVersion() {
  return /(?:Firefox|Chrome|Version)\/(\d+)/.exec(navigator.userAgent)?.[1] ?? '';
}
