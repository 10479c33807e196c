// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import { InvalidStateError, UnsupportedError } from './errors.js';
import { EventEmitter } from './EventEmitter.js';

/** A track being sent. Emits `transportclose` and `trackended`. */
export class Producer extends EventEmitter {
  observer = new EventEmitter();
  #track;
  #settings;
  #onClose;
  #paused = false;
  #closed = false;
  #maxSpatialLayer;

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
    await this.#change((encoding, index) => ({ ...encoding, active: index <= layer }));
    this.#maxSpatialLayer = layer;
  }

  /** Sets the same values on every encoding, such as maxBitrate. */
  async setRtpEncodingParameters(values) {
    this.#checkOpen();
    if (values === null || typeof values !== 'object') throw new TypeError('invalid params');
    await this.#change((encoding) => ({ ...encoding, ...values }));
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

  async #change(update) {
    const parameters = this.rtpSender.getParameters();
    // Firefox before 110 lists none until asked for one.
    parameters.encodings = (parameters.encodings?.length ? parameters.encodings : [{}]).map(update);
    await this.rtpSender.setParameters(parameters);
  }

  #checkOpen() {
    if (this.#closed) throw new InvalidStateError('closed');
  }
}
