// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import { checkText, streamParameters } from './dataChannels.js';
import { DataProducer } from './DataProducer.js';
import { suggestEncodings } from './encodings.js';
import { InvalidStateError, UnsupportedError } from './errors.js';
import { answeringCodecs, applyCodecOptions, sendingEncodings, sendingParameters } from './negotiation.js';
import { Producer } from './Producer.js';
import { parseDescription } from './sdp.js';
import { Transport } from './Transport.js';

/**
 * Sends tracks and data. Emits `produce` ({kind, rtpParameters, appData}, callback({id}), errback) for each track, and
 * `producedata` ({sctpStreamParameters, label, protocol, appData}, callback({id}), errback) for each data channel.
 */
export class SendTransport extends Transport {
  #router;
  #capabilities;
  #hasScalabilityModes;
  #producers = new Set();
  #dataProducers = new Set();
  /** What was answered, by mid: the answer to an unchanged section stays the same. */
  #answered = new Map();

  constructor(options, { router, send, hasScalabilityModes }) {
    super(options);
    [this.#router, this.#capabilities, this.#hasScalabilityModes] = [router, send, hasScalabilityModes];
  }

  get direction() {
    return 'send';
  }

  /**
   * Sends a track; resolves with its Producer once the server has one. Video goes out in several sizes unless `layers`
   * or `encodings` say otherwise.
   */
  async produce({ track, streamId, encodings, layers, codecOptions, codec, stopTracks = true, ...rest } = {}) {
    this.checkOpen();
    if (!track) throw new TypeError('missing track');
    if (track.readyState === 'ended') throw new InvalidStateError('track ended');
    if (this.listenerCount('produce') === 0) throw new TypeError('no "produce" listener set into this transport');
    if (encodings !== undefined && !Array.isArray(encodings)) throw new TypeError('encodings must be an array');
    if (!this.#capabilities.codecs.some(({ kind }) => kind === track.kind)) {
      throw new UnsupportedError(`cannot produce ${track.kind}`);
    }
    const appData = rest.appData ?? {};
    const { disableTrackOnPause = true, zeroRtpOnPause = false } = rest;
    return this.enqueue(async () => {
      const wanted = encodings ?? this.#suggest(track, layers, codec);
      const { onRtpSender } = rest;
      const sent = await this.#send({ track, streamId, encodings: wanted, codecOptions, codec, onRtpSender });
      try {
        const { kind } = track;
        const { id } = await this.ask('produce', { kind, rtpParameters: sent.rtpParameters, appData });
        this.checkOpen();
        const settings = { stopTracks, disableTrackOnPause, zeroRtpOnPause, appData };
        const producer = new Producer({ id, kind, track, ...sent, ...settings }, (closing) => this.#remove(closing));
        this.#producers.add(producer);
        this.observer.emit('newproducer', producer);
        return producer;
      } catch (error) {
        await this.#withdraw(sent.transceiver).catch(() => {});
        throw error;
      }
    });
  }

  /**
   * Opens a data channel; resolves with its DataProducer once the server has one, which may be before its `open`. Without
   * a limit to the effort (`maxPacketLifeTime` in milliseconds, `maxRetransmits`) messages arrive, and in order.
   */
  async produceData({ ordered, maxPacketLifeTime, maxRetransmits, label = '', protocol = '', appData = {} } = {}) {
    this.checkOpen();
    checkText('label', label);
    checkText('protocol', protocol);
    const reliability = { ordered, maxPacketLifeTime, maxRetransmits };
    streamParameters({ streamId: 0, ...reliability });
    if (this.listenerCount('producedata') === 0) throw new TypeError('no "producedata" listener set into this transport');
    this.dataChannels.checkEnabled();
    let dataChannel;
    try {
      const sctpStreamParameters = await this.enqueue(async () => {
        const parameters = streamParameters({ streamId: this.dataChannels.takeId(), ...reliability });
        dataChannel = this.dataChannels.open(parameters, label, protocol);
        // The section stays, once it is there, whatever becomes of its channels.
        if (!this.#localSections().some(({ kind, isRejected }) => kind === 'application' && !isRejected)) await this.#addData();
        return parameters;
      });
      // A server may answer only when others have taken the channel; media need not wait for that.
      const { id } = await this.ask('producedata', { sctpStreamParameters, label, protocol, appData });
      this.checkOpen();
      const values = { id, dataChannel, sctpStreamParameters, appData };
      const producer = new DataProducer(values, (closing) => this.#dataProducers.delete(closing));
      this.#dataProducers.add(producer);
      this.observer.emit('newdataproducer', producer);
      return producer;
    } catch (error) {
      dataChannel?.close();
      throw error;
    }
  }

  /**
   * Takes in a notification of the server: what viewers want of a producer, and how well it arrives.
   *
   * Returns whether it was for a producer here.
   */
  notified({ method, data }) {
    const producer = [...this.#producers].find(({ id }) => id === data?.producerId);
    if (!producer) return false;
    if (method === 'producerDemand') producer.setDemand(data);
    else if (method === 'producerScore') producer.setScore(data.score);
    else return false;
    return true;
  }

  closeChildren() {
    for (const producer of [...this.#producers, ...this.#dataProducers]) producer.transportClosed();
    this.#producers.clear();
    this.#dataProducers.clear();
  }

  async renegotiate(options) {
    const connection = this.peerConnection;
    await connection.setLocalDescription(await connection.createOffer(options));
    await this.#answer();
  }

  #suggest(track, layers, codec) {
    if (track.kind !== 'video') return undefined;
    const { width, height, displaySurface } = track.getSettings?.() ?? {};
    // A shared screen shows text, which smaller sizes would make unreadable.
    const isScreen = displaySurface !== undefined || ['detail', 'text'].includes(track.contentHint);
    const first = this.#capabilities.codecs.find(({ kind }) => kind === 'video');
    return suggestEncodings({
      width,
      height,
      codec: (codec ?? first)?.mimeType,
      layers: layers ?? (isScreen ? 'single' : 'simulcast'),
      hasScalabilityModes: this.#hasScalabilityModes,
    });
  }

  async #send({ track, streamId, encodings, codecOptions, codec, onRtpSender }) {
    const connection = this.peerConnection;
    const asked = encodingsToSend(encodings);
    const init = { direction: 'sendonly', streams: [streamOf(track, streamId)] };
    if (asked) init.sendEncodings = asked;
    const transceiver = connection.addTransceiver(track, init);
    try {
      if (codec) preferCodec(transceiver, codec);
      onRtpSender?.(transceiver.sender);
      const offer = await connection.createOffer();
      await this.connectOnce(offer.sdp);
      await connection.setLocalDescription(offer);
      const section = this.#localSections().find(({ mid }) => mid === transceiver.mid);
      const rtpParameters = sendingParameters(section, this.#router, codec, { red: codecOptions?.opusRed });
      if (!rtpParameters) throw new UnsupportedError(`no ${codec?.mimeType ?? track.kind} codec in common`);
      rtpParameters.encodings = sendingEncodings(section, asked);
      if (codecOptions?.opusDtx && track.kind === 'audio') rtpParameters.encodings[0].dtx = true;
      const codecs = rtpParameters.codecs.map((entry) => applyCodecOptions(entry, codecOptions));
      rtpParameters.codecs = codecs.map(({ sent }) => sent);
      this.#answered.set(transceiver.mid, {
        kind: track.kind,
        mid: transceiver.mid,
        direction: 'recvonly',
        codecs: answeringCodecs(codecs.map(({ answer }) => answer)),
        headerExtensions: rtpParameters.headerExtensions,
        rids: section.rids.filter(({ direction }) => direction === 'send').map(({ id }) => id),
        ptime: codecOptions?.opusPtime,
      });
      await this.#answer();
      await ensureEncodings(transceiver.sender, asked);
      keepRealModes(transceiver.sender, rtpParameters.encodings);
      return { transceiver, rtpParameters };
    } catch (error) {
      await this.#withdraw(transceiver).catch(() => {});
      throw error;
    }
  }

  async #addData() {
    const connection = this.peerConnection;
    const offer = await connection.createOffer();
    await this.connectOnce(offer.sdp);
    await connection.setLocalDescription(offer);
    try {
      await this.#answer();
    } catch (error) {
      if (connection.signalingState === 'have-local-offer') await connection.setLocalDescription({ type: 'rollback' });
      throw error;
    }
  }

  #localSections() {
    return parseDescription(this.peerConnection.localDescription?.sdp ?? '').sections;
  }

  /** Answers the offer that stands, section by section. */
  async #answer() {
    const { sections, session } = parseDescription(this.peerConnection.localDescription.sdp);
    const answers = sections.map((section) => {
      if (section.kind === 'application') return { ...this.dataChannels.section, mid: section.mid, closed: section.isRejected };
      const known = this.#answered.get(section.mid);
      if (!known || section.isRejected) return { ...section, closed: true };
      return { ...known, direction: section.direction === 'sendonly' ? 'recvonly' : 'inactive' };
    });
    await this.peerConnection.setRemoteDescription(this.describe('answer', answers, session.extmapAllowMixed));
  }

  async #remove(producer) {
    this.#producers.delete(producer);
    if (this.closed) return;
    await this.enqueue(() => this.#withdraw(producer.transceiver)).catch((error) => {
      if (!this.closed) console.warn('a producer could not be withdrawn', error);
    });
  }

  /**
   * Takes a section out. The first one carries the transport of the whole group and only falls silent; others are
   * stopped, so that later tracks take their place.
   */
  async #withdraw(transceiver) {
    const connection = this.peerConnection;
    if (connection.signalingState === 'have-local-offer') await connection.setLocalDescription({ type: 'rollback' });
    await transceiver.sender.replaceTrack(null).catch(() => {});
    if (transceiver.mid === null) {
      transceiver.stop();
      return;
    }
    const isFirst = this.#localSections()[0]?.mid === transceiver.mid;
    if (isFirst) transceiver.direction = 'inactive';
    else transceiver.stop();
    await this.renegotiate();
    if (!isFirst) this.#answered.delete(transceiver.mid);
  }
}

/** Encodings for addTransceiver: several need rids, low quality first; one goes without. */
function encodingsToSend(encodings) {
  if (!encodings?.length) return undefined;
  if (encodings.length === 1) {
    const [{ rid, ...single }] = encodings;
    return [{ ...single }];
  }
  return encodings.map((encoding, index) => ({ active: true, rid: `r${index}`, ...encoding }));
}

/**
 * Sets what was asked for once more where addTransceiver did not take it over.
 *
 * Written for Safari and old versions of the others, and untested there: Chromium and Firefox need it no more.
 */
async function ensureEncodings(sender, asked) {
  const parameters = sender.getParameters();
  if (!asked || parameters.encodings?.length !== asked.length) return;
  const isMissing = ({ maxBitrate }, index) => asked[index].maxBitrate !== undefined && maxBitrate === undefined;
  if (!parameters.encodings.some(isMissing)) return;
  parameters.encodings.forEach((encoding, index) => Object.assign(encoding, asked[index]));
  await sender.setParameters(parameters).catch((error) => console.warn('encodings were not taken', error));
}

/** A browser that knows no scalability modes ignores them: the server is told what is really sent. */
function keepRealModes(sender, encodings) {
  const real = sender.getParameters().encodings ?? [];
  encodings.forEach((encoding, index) => {
    if (encoding.scalabilityMode && !real[index]?.scalabilityMode) delete encoding.scalabilityMode;
  });
}

function streamOf(track, streamId) {
  // A stream's id cannot be chosen; it is enough that tracks given the same one share a stream.
  if (streamId === undefined) return new MediaStream([track]);
  const stream = streams.get(streamId)?.deref() ?? new MediaStream();
  streams.set(streamId, new WeakRef(stream));
  stream.addTrack(track);
  return stream;
}

const streams = new Map();

/** Puts the codec first in the browser's offer; where that is not possible, the answer chooses alone. */
function preferCodec(transceiver, codec) {
  const all = RTCRtpSender.getCapabilities?.(transceiver.sender.track.kind)?.codecs ?? [];
  const isWanted = ({ mimeType }) => mimeType.toLowerCase() === codec.mimeType.toLowerCase();
  if (!all.some(isWanted)) return;
  try {
    transceiver.setCodecPreferences([...all.filter(isWanted), ...all.filter((entry) => !isWanted(entry))]);
  } catch {
    // Some browsers refuse what they list themselves.
  }
}
