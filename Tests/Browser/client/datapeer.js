// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// A peer of a room that sends and receives data through the client library, and keeps account of it. Messages are told
// apart by what they are: kind, length and a hash.

import { Device, SignalingClient } from '/client/index.js';

const hash = (bytes) => {
  let value = 0x811c9dc5;
  for (const byte of bytes) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value.toString(16);
};

function describe(data) {
  const isText = typeof data === 'string';
  const bytes = isText ? new TextEncoder().encode(data) : new Uint8Array(data);
  return `${isText ? 'text' : 'binary'} ${bytes.length} ${hash(bytes)}`;
}

/** A message of so many bytes that no other is like: text has letters of one, two, three and four bytes. */
function make(kind, size, seed) {
  const bytes = new Uint8Array(size);
  let state = seed + 1;
  for (let at = 0; at < size; at += 1) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    bytes[at] = state >> 16;
  }
  if (kind === 'binary') return bytes;
  const letters = ['a', 'é', '€', '😀'];
  let text = '';
  let left = size;
  for (let at = 0; left > 0; at += 1) {
    const width = Math.min((bytes[at % size] % 4) + 1, left);
    text += width === 1 ? String.fromCharCode(97 + (bytes[at % size] >> 4)) : letters[width - 1];
    left -= width;
  }
  return text;
}

class DataPeer {
  producers = {};
  consumers = {};
  /** What came, by label. */
  received = {};
  notifications = [];

  static async join(server, roomId, peerId, { isReceiving = true, isSending = true } = {}) {
    const peer = new DataPeer();
    const url = `${server.replace('http', 'ws')}/?${new URLSearchParams({ roomId, peerId })}`;
    peer.signaling = new SignalingClient(url, { attempts: 0 });
    await new Promise((resolve, reject) => peer.signaling.once('open', resolve).once('failed', () => reject(new Error('no connection'))));
    peer.signaling.on('request', (request, accept, reject) => peer.#answer(request).then(accept, (error) => reject(500, error.message)));
    peer.signaling.on('notification', (notification) => peer.#notified(notification));
    peer.device = new Device();
    await peer.device.load({ routerRtpCapabilities: await peer.request('getRouterRtpCapabilities') });
    if (isSending) peer.sending = await peer.#transport('createSendTransport', { producing: true, consuming: false });
    if (isReceiving) peer.receiving = await peer.#transport('createRecvTransport', { producing: false, consuming: true });
    const { rtpCapabilities, sctpCapabilities } = peer.device;
    await peer.request('join', { displayName: peerId, device: {}, rtpCapabilities, ...(isReceiving ? { sctpCapabilities } : {}) });
    return peer;
  }

  request(method, data) {
    return this.signaling.request(method, data);
  }

  async #transport(make, direction) {
    const transport = this.device[make](await this.request('createWebRtcTransport', { ...direction, sctpCapabilities: this.device.sctpCapabilities }));
    transport.on('connect', ({ dtlsParameters }, callback, errback) => {
      this.request('connectWebRtcTransport', { transportId: transport.id, dtlsParameters }).then(callback, errback);
    });
    for (const [event, method] of [['produce', 'produce'], ['producedata', 'produceData']]) {
      transport.on(event, (data, callback, errback) => this.request(method, { transportId: transport.id, ...data }).then(callback, errback));
    }
    return transport;
  }

  async #answer({ method, data }) {
    if (method !== 'newDataConsumer') throw new Error('only data is taken here');
    const consumer = await this.receiving.consumeData(data);
    const list = (this.received[data.label] ??= []);
    this.consumers[data.label] = consumer;
    consumer.on('message', (message) => list.push(describe(message)));
  }

  #notified(notification) {
    this.notifications.push(notification);
    if (notification.method !== 'dataConsumerClosed') return;
    for (const consumer of Object.values(this.consumers)) if (consumer.id === notification.data.dataConsumerId) consumer.close();
  }

  async produce(label, options = {}) {
    const producer = await this.sending.produceData({ label, ...options });
    this.producers[label] = producer;
    if (producer.readyState !== 'open') await new Promise((resolve) => producer.once('open', resolve));
    return producer.sctpStreamParameters;
  }

  /** Sends messages [[kind, size]] and returns what they are. */
  async send(label, messages, seed = 0) {
    const producer = this.producers[label];
    const sent = [];
    for (const [kind, size] of messages) {
      const data = make(kind, size, seed + sent.length);
      while (producer.bufferedAmount + size > 1 << 20) await new Promise((resolve) => setTimeout(resolve, 10));
      producer.send(data);
      sent.push(describe(data));
    }
    return sent;
  }

  count(label) {
    return this.received[label]?.length ?? 0;
  }

  async restartIce() {
    for (const transport of [this.sending, this.receiving].filter(Boolean)) {
      const iceParameters = await this.request('restartIce', { transportId: transport.id });
      await transport.restartIce({ iceParameters });
    }
  }

  get states() {
    return [this.sending, this.receiving].map((transport) => transport?.connectionState);
  }

  close() {
    for (const transport of [this.sending, this.receiving]) transport?.close();
    this.signaling.close();
  }
}

window.DataPeer = DataPeer;
