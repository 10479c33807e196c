// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import { InvalidStateError, UnsupportedError } from './errors.js';
import { EventEmitter } from './EventEmitter.js';

/**
 * A track being sent. Emits `transportclose`, `trackended`, `demandchange` (demand: which encodings anybody watches) and
 * `score` (scores).
 */
export class Producer extends EventEmitter {
  observer = new EventEmitter();
  #track;
  #settings;
  #onClose;
  #paused = false;
  #closed = false;
  #maxSpatialLayer;
  #demand;
  #score = [];
  /** Which encodings the application wants on, once it said so. */
  #wished;
  #changes = Promise.resolve();

  constructor({ id, kind, track, transceiver, rtpParameters, appData, ...settings }, onClose) {
    super();
    Object.assign(this, { id, kind, transceiver, rtpParameters, appData });
    [this.#track, this.#settings, this.#onClose] = [track, settings, onClose];
    this.#paused = settings.disableTrackOnPause ? !track.enabled : false;
    track.addEventListener('ended', this.#ended);
  }

  get closed() {
    return this.#closed;
  }

  get paused() {
    return this.#paused;
  }

  get track() {
    return this.#track;
  }

  get rtpSender() {
    return this.transceiver.sender;
  }

  get maxSpatialLayer() {
    return this.#maxSpatialLayer;
  }

  /** What viewers want, as last told: {encodings: [boolean], spatialLayer, temporalLayer}; undefined before that. */
  get demand() {
    return this.#demand;
  }

  /** How well the streams arrive at the server, as last told. */
  get score() {
    return this.#score;
  }

  /** Which encodings are sent now, the smallest first. */
  get activeEncodings() {
    return (this.rtpSender.getParameters().encodings ?? []).map(({ active }) => active !== false);
  }

  async getStats() {
    this.#checkOpen();
    return this.rtpSender.getStats();
  }

  /** Stops sending at this end; the server is told by the application. */
  pause() {
    this.#checkOpen();
    this.#setPaused(true);
    this.observer.emit('pause');
  }

  resume() {
    this.#checkOpen();
    this.#setPaused(false);
    this.observer.emit('resume');
  }

  /** Sends another track in the place of this one; null sends nothing. */
  async replaceTrack({ track }) {
    this.#checkOpen();
    if (track?.readyState === 'ended') throw new InvalidStateError('track ended');
    if (track && track.kind !== this.kind) throw new TypeError(`not a track of ${this.kind}`);
    if (track === this.#track) return;
    if (!(this.#paused && this.#settings.zeroRtpOnPause)) await this.rtpSender.replaceTrack(track);
    const old = this.#track;
    old?.removeEventListener('ended', this.#ended);
    if (this.#settings.stopTracks) old?.stop();
    this.#track = track;
    track?.addEventListener('ended', this.#ended);
    if (track && this.#settings.disableTrackOnPause) track.enabled = !this.#paused;
  }

  /** Sends spatial layers up to this one: the encodings above fall silent. */
  async setMaxSpatialLayer(layer) {
    this.#checkOpen();
    if (this.kind !== 'video') throw new UnsupportedError('not a video Producer');
    if (!Number.isInteger(layer)) throw new TypeError('invalid spatialLayer');
    this.#maxSpatialLayer = layer;
    await this.#change();
  }

  /** Sets the same values on every encoding, such as maxBitrate. */
  async setRtpEncodingParameters(values) {
    this.#checkOpen();
    if (values === null || typeof values !== 'object') throw new TypeError('invalid params');
    await this.#change(values);
  }

  /**
   * Takes in what viewers want: encodings that nobody watches fall silent and cost nothing. The smallest is always sent,
   * so that who comes sees something at once.
   */
  async setDemand({ encodings, spatialLayer, temporalLayer }) {
    if (this.#closed || this.kind !== 'video' || !Array.isArray(encodings)) return;
    this.#demand = { encodings: encodings.map(Boolean), spatialLayer, temporalLayer };
    try {
      await this.#change();
    } catch (error) {
      if (!this.#closed) console.warn('what is sent could not be changed', error);
      return;
    }
    if (!this.#closed) this.emit('demandchange', this.#demand);
  }

  /** Takes in how well the streams arrive. */
  setScore(score) {
    if (this.#closed) return;
    this.#score = score;
    this.emit('score', score);
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
    this.#track?.removeEventListener('ended', this.#ended);
    if (this.#settings.stopTracks) this.#track?.stop();
    this.observer.emit('close');
  }

  #ended = () => {
    this.emit('trackended');
    this.observer.emit('trackended');
  };

  #setPaused(paused) {
    this.#paused = paused;
    if (this.#track && this.#settings.disableTrackOnPause) this.#track.enabled = !paused;
    if (!this.#settings.zeroRtpOnPause) return;
    this.rtpSender.replaceTrack(paused ? null : this.#track).catch((error) => console.warn('no track to send', error));
  }

  /** Brings the encodings in line with what is wanted; one change at a time, since each starts from what the last left. */
  #change(values = {}) {
    const result = this.#changes.then(async () => {
      if (this.#closed) return;
      const parameters = this.rtpSender.getParameters();
      // Firefox before 110 lists none until asked for one.
      const present = parameters.encodings?.length ? parameters.encodings : [{}];
      this.#wished ??= present.map(({ active }) => active !== false);
      if (values.active !== undefined) this.#wished = present.map(() => values.active);
      const changed = present.map((encoding, index) => ({ ...encoding, ...values, active: this.#isWanted(index) }));
      const isSame = changed.every((encoding, index) => (present[index].active !== false) === encoding.active);
      if (isSame && Object.keys(values).length === 0) return;
      parameters.encodings = changed;
      await this.rtpSender.setParameters(parameters);
    });
    this.#changes = result.catch(() => {});
    return result;
  }

  #isWanted(index) {
    if (!this.#wished[index] || index > (this.#maxSpatialLayer ?? Infinity)) return false;
    return index === 0 || this.#demand?.encodings[index] !== false;
  }

  #checkOpen() {
    if (this.#closed) throw new InvalidStateError('closed');
  }
}
