// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import { parseScalabilityMode } from './encodings.js';
import { InvalidStateError, UnsupportedError } from './errors.js';
import { EventEmitter } from './EventEmitter.js';

/**
 * A track being received. Emits `transportclose`, `trackended`, `layerschange` (layers that come now, null for none) and
 * `score` (score).
 */
export class Consumer extends EventEmitter {
  observer = new EventEmitter();
  #ask;
  #onClose;
  #currentLayers;
  #preferredLayers;
  #priority = 1;
  #score;
  #paused = false;
  #closed = false;

  constructor({ id, producerId, kind, rtpParameters, receiver, track, appData, ask }, onClose) {
    super();
    Object.assign(this, { id, producerId, kind, rtpParameters, rtpReceiver: receiver, track, appData });
    [this.#ask, this.#onClose] = [ask, onClose];
    Object.assign(this, parseScalabilityMode(rtpParameters.encodings[0].scalabilityMode));
    this.#paused = !track.enabled;
    track.addEventListener('ended', this.#ended);
  }

  get closed() {
    return this.#closed;
  }

  get paused() {
    return this.#paused;
  }

  /** The layers that come now: {spatialLayer, temporalLayer}, null for none; undefined until the server says so. */
  get currentLayers() {
    return this.#currentLayers;
  }

  /** What was asked for last, as the server took it; undefined until then, when it sends the best there is. */
  get preferredLayers() {
    return this.#preferredLayers;
  }

  get priority() {
    return this.#priority;
  }

  /** How well the stream arrives, as last told. */
  get score() {
    return this.#score;
  }

  /** Whether there is anything to choose. */
  get hasLayers() {
    return this.spatialLayers > 1 || this.temporalLayers > 1;
  }

  /** Asks the server for layers up to these, counted from 0; without a temporal one, for every frame. */
  async setPreferredLayers({ spatialLayer, temporalLayer } = {}) {
    this.#checkOpen();
    if (this.kind !== 'video') throw new UnsupportedError('not a video Consumer');
    if (!isLayer(spatialLayer)) throw new TypeError('spatialLayer is not a whole number from 0');
    if (temporalLayer !== undefined && !isLayer(temporalLayer)) throw new TypeError('temporalLayer is not a whole number from 0');
    const asked = { spatialLayer, temporalLayer };
    const answer = await this.#ask('setConsumerPreferredLayers', { consumerId: this.id, ...asked });
    // A server that says nothing took it as it was.
    this.#preferredLayers = Number.isInteger(answer?.spatialLayer) ? layersOf(answer) : asked;
    return this.#preferredLayers;
  }

  /** Asks the server to serve this one before others of less priority where not all fits; from 1 to 255. */
  async setPriority(priority) {
    this.#checkOpen();
    if (!Number.isInteger(priority) || priority < 1 || priority > 255) throw new TypeError('priority is not from 1 to 255');
    await this.#ask('setConsumerPriority', { consumerId: this.id, priority });
    this.#priority = priority;
  }

  /** Asks for a picture that depends on no other. */
  async requestKeyFrame() {
    this.#checkOpen();
    if (this.kind !== 'video') throw new UnsupportedError('not a video Consumer');
    await this.#ask('requestConsumerKeyFrame', { consumerId: this.id });
  }

  /** Takes in which layers come now. */
  setCurrentLayers(layers) {
    if (this.#closed) return;
    this.#currentLayers = Number.isInteger(layers?.spatialLayer) ? layersOf(layers) : null;
    this.emit('layerschange', this.#currentLayers);
  }

  /** Takes in how well the stream arrives. */
  setScore(score) {
    if (this.#closed) return;
    this.#score = score;
    this.emit('score', score);
  }

  async getStats() {
    this.#checkOpen();
    return this.rtpReceiver.getStats();
  }

  /** Stops playing at this end; the server is told by the application. */
  pause() {
    this.#checkOpen();
    this.#paused = true;
    this.track.enabled = false;
    this.observer.emit('pause');
  }

  resume() {
    this.#checkOpen();
    this.#paused = false;
    this.track.enabled = true;
    this.observer.emit('resume');
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
    this.track.removeEventListener('ended', this.#ended);
    this.track.stop();
    this.observer.emit('close');
  }

  #ended = () => {
    this.emit('trackended');
    this.observer.emit('trackended');
  };

  #checkOpen() {
    if (this.#closed) throw new InvalidStateError('closed');
  }
}

const isLayer = (value) => Number.isInteger(value) && value >= 0;

function layersOf({ spatialLayer, temporalLayer }) {
  return { spatialLayer, temporalLayer: temporalLayer ?? undefined };
}
