// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import { allowLayers } from './browser.js';
import { Consumer } from './Consumer.js';
import { checkText, streamParameters } from './dataChannels.js';
import { DataConsumer } from './DataConsumer.js';
import { UnsupportedError } from './errors.js';
import { DEPENDENCY_DESCRIPTOR, receivingCodecs } from './negotiation.js';
import { Transport } from './Transport.js';

/** Most consumers that one negotiation takes in. */
const BATCH_LIMIT = 64;
/** Names the section of data channels; consumers' sections have the names that the server gives. */
const DATA_MID = 'data';

/**
 * Receives tracks and data. Consumers asked for at about the same time share one negotiation.
 *
 * Emits `control` ({method, data}, callback(answer), errback) where a consumer asks the server for something: layers, a
 * priority, a key frame.
 */
export class RecvTransport extends Transport {
  #capabilities;
  /** The m-lines in their order: an index, once used, stays, and a closed one may be taken again. */
  #sections = [];
  #consumers = new Set();
  #dataConsumers = new Set();
  #waiting = [];
  #isScheduled = false;
  #isStale = false;

  constructor(options, { recv }) {
    super(options);
    this.#capabilities = recv;
  }

  get direction() {
    return 'recv';
  }

  /** Receives what the server described; resolves with a Consumer whose track can be played. */
  async consume({ id, producerId, kind, rtpParameters, streamId, onRtpReceiver, appData = {} } = {}) {
    this.checkOpen();
    if (typeof id !== 'string') throw new TypeError('missing id');
    if (typeof producerId !== 'string') throw new TypeError('missing producerId');
    if (kind !== 'audio' && kind !== 'video') throw new TypeError(`invalid kind "${kind}"`);
    if (!rtpParameters?.codecs?.length || !rtpParameters.encodings?.length) throw new TypeError('missing rtpParameters');
    if (!this.#capabilities.codecs.some((codec) => codec.kind === kind)) throw new UnsupportedError('cannot consume');
    return new Promise((resolve, reject) => {
      const options = { id, producerId, kind, rtpParameters: structuredClone(rtpParameters), streamId, appData };
      this.#waiting.push({ options, onRtpReceiver, resolve, reject });
      this.#schedule();
    });
  }

  /** Opens the channel that the server described; resolves with a DataConsumer, which may be before its `open`. */
  async consumeData({ id, dataProducerId, sctpStreamParameters, label = '', protocol = '', appData = {} } = {}) {
    this.checkOpen();
    if (typeof id !== 'string') throw new TypeError('missing id');
    if (typeof dataProducerId !== 'string') throw new TypeError('missing dataProducerId');
    checkText('label', label);
    checkText('protocol', protocol);
    const parameters = streamParameters(sctpStreamParameters ?? {});
    this.dataChannels.checkEnabled();
    await this.dataChannels.whenFree(parameters.streamId);
    return this.enqueue(async () => {
      const dataChannel = this.dataChannels.open(parameters, label, protocol);
      const values = { id, dataProducerId, dataChannel, sctpStreamParameters: parameters, appData };
      const consumer = new DataConsumer(values, (closing) => this.#dataConsumers.delete(closing));
      this.#dataConsumers.add(consumer);
      try {
        if (!this.#sections.some(({ kind }) => kind === 'application')) await this.#addData();
        this.checkOpen();
      } catch (error) {
        consumer.close();
        throw error;
      }
      this.observer.emit('newdataconsumer', consumer);
      setTimeout(() => consumer.deliver());
      return consumer;
    });
  }

  /**
   * Takes in a notification of the server: which layers come of a consumer, and how well.
   *
   * Returns whether it was for a consumer here.
   */
  notified({ method, data }) {
    const consumer = [...this.#consumers].find(({ id }) => id === data?.consumerId);
    if (!consumer) return false;
    if (method === 'consumerLayersChanged') consumer.setCurrentLayers(data.layers ?? data);
    else if (method === 'consumerScore') consumer.setScore(data.score);
    else return false;
    return true;
  }

  closeChildren() {
    for (const consumer of [...this.#consumers, ...this.#dataConsumers]) consumer.transportClosed();
    this.#consumers.clear();
    this.#dataConsumers.clear();
  }

  /** Offers the sections as they are now. New ICE parameters in the offer restart the browser's side too. */
  async renegotiate() {
    this.#isStale = false;
    const connection = this.peerConnection;
    const closed = this.#sections.filter((section) => section.closed);
    const offer = this.describe('offer', this.#sections);
    await connection.setRemoteDescription(offer);
    for (const transceiver of connection.getTransceivers()) {
      const section = this.#sections.find(({ mid, closed }) => mid === transceiver.mid && !closed);
      if (section?.headerExtensions?.some(({ uri }) => uri === DEPENDENCY_DESCRIPTOR)) allowLayers(transceiver);
    }
    const answer = await connection.createAnswer();
    await this.connectOnce(answer.sdp);
    await connection.setLocalDescription({ type: 'answer', sdp: this.#patch(answer.sdp) });
    // Only what both sides know as closed may become something else; what was closed meanwhile they do not know yet.
    for (const section of closed) section.isFree = true;
  }

  /** The section of data channels; once it is there it stays, whatever becomes of its channels. */
  async #addData() {
    const section = { ...this.dataChannels.section, mid: DATA_MID };
    this.#sections.push(section);
    try {
      await this.renegotiate();
    } catch (error) {
      await this.#rollBack();
      this.#sections.splice(this.#sections.indexOf(section), 1);
      throw error;
    }
  }

  async #rollBack() {
    const connection = this.peerConnection;
    if (connection.signalingState !== 'have-remote-offer') return;
    await connection.setRemoteDescription({ type: 'rollback' }).catch(() => {});
  }

  #schedule() {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.enqueue(async () => {
      this.#isScheduled = false;
      await this.#negotiate();
    }).catch((error) => {
      this.#isScheduled = false;
      for (const entry of this.#waiting.splice(0)) entry.reject(error);
    });
  }

  async #negotiate() {
    const batch = this.#waiting.splice(0, BATCH_LIMIT);
    if (this.#waiting.length > 0) this.#schedule();
    if (batch.length === 0 && !this.#isStale) return;
    const added = [];
    try {
      for (const entry of batch) {
        entry.section = this.#add(entry.options);
        added.push(entry.section);
      }
      await this.renegotiate();
    } catch (error) {
      await this.#rollBack();
      for (const section of added) this.#retire(section);
      for (const entry of batch) entry.reject(error);
      return;
    }
    for (const entry of batch) this.#deliver(entry);
  }

  #deliver({ options, onRtpReceiver, section, resolve, reject }) {
    const transceiver = this.peerConnection.getTransceivers().find(({ mid }) => mid === section.mid);
    if (!transceiver?.receiver?.track || transceiver.currentDirection !== 'recvonly') {
      this.#retire(section);
      this.#isStale = true;
      this.#schedule();
      reject(new UnsupportedError(`the browser did not accept ${options.rtpParameters.codecs[0].mimeType}`));
      return;
    }
    onRtpReceiver?.(transceiver.receiver);
    const { receiver } = transceiver;
    const ask = (method, data) => this.ask('control', { method, data });
    const consumer = new Consumer({ ...options, receiver, track: receiver.track, ask }, (closing) => {
      this.#consumers.delete(closing);
      this.#retire(section);
      this.#isStale = true;
      if (!this.closed) this.#schedule();
    });
    this.#consumers.add(consumer);
    this.observer.emit('newconsumer', consumer);
    resolve(consumer);
  }

  #add({ id, kind, rtpParameters, streamId }) {
    const { codecs, encodings, headerExtensions = [], rtcp } = rtpParameters;
    const [{ ssrc, rtx }] = encodings;
    const cname = rtcp?.cname ?? id;
    const section = {
      kind,
      mid: rtpParameters.mid ?? `c${this.#sections.length}-${ssrc}`,
      direction: 'sendonly',
      codecs: receivingCodecs({ codecs }, this.#capabilities),
      headerExtensions,
      // Tracks of one stream are played in step.
      msid: `${token(streamId ?? cname)} ${token(id)}`,
      source: { ssrc, rtxSsrc: rtx?.ssrc, cname: token(cname) },
      sendsStereo: codecs.some(({ parameters }) => Number(parameters?.['sprop-stereo']) === 1),
      closed: false,
    };
    if (section.mid === DATA_MID || this.#sections.some((other) => !other.closed && other.mid === section.mid)) {
      throw new TypeError(`mid ${section.mid} is in use`);
    }
    const free = this.#sections.findIndex((other) => other.isFree);
    if (free < 0) this.#sections.push(section);
    else this.#sections[free] = section;
    return section;
  }

  /** Takes a section out of use; the first carries the transport of the whole group and only falls silent. */
  #retire(section) {
    const index = this.#sections.indexOf(section);
    if (index < 0) return;
    section.source = undefined;
    section.msid = undefined;
    if (index === 0) {
      section.direction = 'inactive';
    } else {
      section.closed = true;
      section.formats = section.codecs.map(({ payloadType }) => payloadType);
    }
  }

  /** Opus is decoded to one channel unless the answer says otherwise; all sections must say the same. */
  #patch(sdp) {
    // Every browser answers an open offer by taking the active role; one that did not would wait for the server.
    let patched = sdp.replaceAll('a=setup:passive', 'a=setup:active').replaceAll('a=setup:actpass', 'a=setup:active');
    if (!this.#sections.some((section) => section.sendsStereo && section.direction === 'sendonly')) return patched;
    const types = new Set([...patched.matchAll(/^a=rtpmap:(\d+) opus\/48000\/2/gim)].map((match) => match[1]));
    patched = patched.replace(/^a=fmtp:(\d+) (?!.*\bstereo=1)(.*?)(\r?)$/gm, (line, type, values, end) => {
      return types.has(type) ? `a=fmtp:${type} ${values};stereo=1${end}` : line;
    });
    return patched;
  }
}

/** Text as a token of RFC 8866 §9, which ids of other people's making need not be. */
function token(text) {
  return String(text).replace(/[^\w!#$%&'*+.^`{|}~-]/g, '-') || '-';
}
