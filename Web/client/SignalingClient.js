// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import { InvalidStateError, RequestError } from './errors.js';
import { EventEmitter } from './EventEmitter.js';

const FIRST_DELAY = 1000;
const LONGEST_DELAY = 8000;
/** How long opening a socket may take. */
const OPEN_TIMEOUT = 10_000;
/** How long an answer may take, plus a tenth of it for every request that waits already. */
const REQUEST_TIMEOUT = 20_000;
/** The server ended it on purpose: no coming back by itself. */
const FINAL_CODE = 4000;
/** A connection that stood this long was a good one: the next loss counts as the first. */
const STEADY_AFTER = 5000;
/** From here to 4099 the server asks to come back at once; 4001 says that a media worker was restarted. */
const FIRST_PROMPT_CODE = 4001;

/**
 * Requests and notifications in both directions over one WebSocket, in protoo's frames.
 *
 * Emits `open` (each time a connection stands), `disconnected` ({code, reason}, and another attempt follows),
 * `reconnecting` ({attempt, delay}), `failed` ({attempts}: given up), `close` ({code, reason}: over for good),
 * `request` ({method, data}, accept(data), reject(code, reason)) and `notification` ({method, data}).
 */
export class SignalingClient extends EventEmitter {
  #url;
  #settings;
  #socket;
  #pending = new Map();
  #nextId = Math.floor(Math.random() * 1_000_000);
  #attempt = 0;
  #timer;
  #steadyTimer;
  #closed = false;

  /** Connects at once. `attempts` is how often to try again after a connection was lost or never made. */
  constructor(url, { attempts = 10, requestTimeout = REQUEST_TIMEOUT, protocol = 'protoo' } = {}) {
    super();
    this.#url = url;
    this.#settings = { attempts, requestTimeout, protocol };
    this.#connect();
  }

  get closed() {
    return this.#closed;
  }

  get connected() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Asks the server; rejects with RequestError when it refuses, does not answer, or the connection ends. */
  request(method, data = {}, { timeout } = {}) {
    if (!this.connected) return Promise.reject(new InvalidStateError('not connected'));
    const id = this.#nextId;
    this.#nextId = (id + 1) % 10_000_000;
    const limit = timeout ?? this.#settings.requestTimeout * (1 + 0.1 * this.#pending.size);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new RequestError(408, `the server did not answer "${method}" in time`));
      }, limit);
      this.#pending.set(id, { resolve, reject, timer });
      this.#send({ request: true, id, method, data });
    });
  }

  notify(method, data = {}) {
    if (!this.connected) throw new InvalidStateError('not connected');
    this.#send({ notification: true, method, data });
  }

  /** Cuts a reconnection's waiting short, as when the network is known to be back. */
  retryNow() {
    if (this.#closed || this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#connect();
  }

  /** Leaves the present connection and makes another, as after a loss. */
  reconnect(reason = '') {
    if (this.#closed) return;
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = undefined;
    socket.close(1000, reason);
    this.#lost(FIRST_PROMPT_CODE + 98, reason, socket.readyState !== WebSocket.CONNECTING);
  }

  close(code = 1000, reason = '') {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#drop(new InvalidStateError('closed'));
    socket?.close(code, reason);
    this.emit('close', { code, reason });
  }

  #connect() {
    let socket;
    try {
      socket = new WebSocket(this.#url, this.#settings.protocol);
    } catch (error) {
      console.error('no WebSocket can be made', error);
      this.#lost(1006, String(error));
      return;
    }
    this.#socket = socket;
    const timer = setTimeout(() => socket.close(), OPEN_TIMEOUT);
    let wasOpen = false;
    socket.addEventListener('open', () => {
      clearTimeout(timer);
      if (socket !== this.#socket) return;
      wasOpen = true;
      this.#steadyTimer = setTimeout(() => (this.#attempt = 0), STEADY_AFTER);
      this.emit('open');
    });
    socket.addEventListener('message', ({ data }) => {
      if (socket === this.#socket) this.#receive(data);
    });
    socket.addEventListener('close', ({ code, reason }) => {
      clearTimeout(timer);
      if (socket === this.#socket) this.#lost(code, reason, wasOpen);
    });
  }

  #lost(code, reason, wasOpen = false) {
    this.#drop(new InvalidStateError('the connection was lost'));
    if (this.#closed) return;
    if (code === FINAL_CODE) {
      this.#closed = true;
      this.emit('close', { code, reason });
      return;
    }
    if (wasOpen) this.emit('disconnected', { code, reason });
    if (this.#closed) return;
    if (this.#attempt >= this.#settings.attempts) {
      this.#closed = true;
      this.emit('failed', { attempts: this.#attempt });
      this.emit('close', { code, reason });
      return;
    }
    // Even those who may come back at once are spread a little, so that a crowd does not come as one.
    const isPrompt = wasOpen && this.#attempt === 0 && code >= FIRST_PROMPT_CODE && code < 4100;
    const longest = Math.min(FIRST_DELAY * 2 ** this.#attempt, LONGEST_DELAY);
    const delay = isPrompt ? 100 + Math.random() * 300 : longest * (0.75 + Math.random() * 0.25);
    this.#attempt += 1;
    this.emit('reconnecting', { attempt: this.#attempt, delay });
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#connect();
    }, delay);
  }

  #drop(error) {
    this.#socket = undefined;
    clearTimeout(this.#steadyTimer);
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#pending.clear();
  }

  #receive(text) {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      frame = null;
    }
    if (frame === null || typeof frame !== 'object') {
      console.warn('a frame that is not an object was ignored');
    } else if (frame.request) {
      this.#answer(frame);
    } else if (frame.response) {
      this.#settle(frame);
    } else if (frame.notification) {
      this.emit('notification', { method: frame.method, data: frame.data ?? {} });
    } else {
      console.warn('a frame of no known kind was ignored');
    }
  }

  #settle({ id, ok, data, errorCode, errorReason }) {
    const waiting = this.#pending.get(id);
    if (!waiting) return;
    this.#pending.delete(id);
    clearTimeout(waiting.timer);
    if (ok) waiting.resolve(data ?? {});
    else waiting.reject(new RequestError(errorCode ?? 500, errorReason ?? 'refused'));
  }

  #answer({ id, method, data = {} }) {
    const socket = this.#socket;
    let isAnswered = false;
    const answer = (values) => {
      if (isAnswered || socket !== this.#socket) return;
      isAnswered = true;
      this.#send({ response: true, id, ...values });
    };
    const accept = (result = {}) => answer({ ok: true, data: result });
    const reject = (code = 500, reason = 'refused') => answer({ ok: false, errorCode: code, errorReason: String(reason) });
    if (!this.emit('request', { method, data }, accept, reject)) reject(500, 'nobody answers requests here');
  }

  #send(frame) {
    if (this.connected) this.#socket.send(JSON.stringify(frame));
  }
}
