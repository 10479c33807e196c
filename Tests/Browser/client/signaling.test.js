// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import { EventEmitter, SignalingClient } from '/client/index.js';
import { check, equal, fails, test, until } from './harness.js';

/** A WebSocket whose other end is the test. */
class FakeSocket extends EventTarget {
  static OPEN = 1;
  static CONNECTING = 0;
  static made = [];
  readyState = 0;
  sent = [];

  constructor(url, protocol) {
    super();
    Object.assign(this, { url, protocol });
    FakeSocket.made.push(this);
  }

  open() {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  receive(value) {
    const data = typeof value === 'string' ? value : JSON.stringify(value);
    this.dispatchEvent(new MessageEvent('message', { data }));
  }

  close(code = 1000, reason = '') {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.dispatchEvent(new CloseEvent('close', { code, reason }));
  }
}

async function withSocket(body) {
  const original = window.WebSocket;
  window.WebSocket = FakeSocket;
  FakeSocket.made = [];
  let client;
  try {
    client = new SignalingClient('ws://test/', { attempts: 3, requestTimeout: 200 });
    await body(client, FakeSocket.made[0]);
  } finally {
    client?.close();
    window.WebSocket = original;
  }
}

test('a request is answered by its id, refused by its code, or runs out of time', () => withSocket(async (client, socket) => {
  equal(socket.protocol, 'protoo');
  await fails(() => client.request('early'), 'InvalidStateError');
  socket.open();
  const [good, bad, lost] = ['a', 'b', 'c'].map((method) => client.request(method, { x: 1 }));
  const [a, b] = socket.sent;
  equal([a.request, a.method, a.data], [true, 'a', { x: 1 }]);
  socket.receive({ response: true, id: b.id, ok: false, errorCode: 403, errorReason: 'no' });
  socket.receive({ response: true, id: a.id, ok: true, data: { y: 2 } });
  socket.receive({ response: true, id: 99_999_999, ok: true });
  equal(await good, { y: 2 });
  const error = await fails(() => bad, 'RequestError');
  equal([error.code, error.message], [403, 'no']);
  equal((await fails(() => lost, 'RequestError')).code, 408);
}));

test('requests of the server are answered once; notifications are passed on; rubbish is ignored', () => withSocket(async (client, socket) => {
  socket.open();
  const told = [];
  client.on('notification', ({ method, data }) => told.push([method, data]));
  socket.receive({ request: true, id: 5, method: 'nobody' });
  client.on('request', ({ method, data }, accept, reject) => {
    if (method !== 'sum') return reject(404, 'unknown');
    accept({ sum: data.a + data.b });
    accept({ sum: 0 });
  });
  socket.receive({ request: true, id: 6, method: 'sum', data: { a: 1, b: 2 } });
  socket.receive({ request: true, id: 7, method: 'other' });
  for (const rubbish of ['', '{', 'null', '[]', '7', '{}']) socket.receive(rubbish);
  socket.receive({ notification: true, method: 'hello' });
  equal(socket.sent.map(({ id, ok, errorCode, data }) => [id, ok, errorCode ?? data]), [
    [5, false, 500], [6, true, { sum: 3 }], [7, false, 404],
  ]);
  equal(told, [['hello', {}]]);
}));

test('a lost connection comes back, and what waited fails', () => withSocket(async (client, socket) => {
  const events = [];
  for (const name of ['open', 'disconnected', 'close']) client.on(name, () => events.push(name));
  socket.open();
  const waiting = fails(() => client.request('x'), 'InvalidStateError');
  socket.close(4001, 'worker restarted');
  await waiting;
  await until(() => FakeSocket.made.length === 2, 'a second socket', 2000);
  FakeSocket.made[1].open();
  equal(events, ['open', 'disconnected', 'open']);
  FakeSocket.made[1].close(4000, 'replaced');
  await new Promise((resolve) => setTimeout(resolve, 600));
  equal(FakeSocket.made.length, 2, 'an end on purpose is final');
  equal(events.at(-1), 'close');
  check(client.closed);
}));

test('attempts that never open wait longer each time, and end', () => withSocket(async (client, socket) => {
  const delays = [];
  let failed = 0;
  client.on('reconnecting', ({ delay }) => delays.push(delay));
  client.on('failed', () => (failed += 1));
  socket.close(1006);
  for (let made = 2; made <= 4; made += 1) {
    client.retryNow();
    equal(FakeSocket.made.length, made);
    FakeSocket.made.at(-1).close(1006);
  }
  equal([delays.length, failed, client.closed], [3, 1, true]);
  check(delays[0] <= 1000 && delays[1] > 1000 && delays[2] > delays[1], String(delays));
}));

test('listeners come in order, once means once, and one that throws stops nobody', () => {
  const emitter = new EventEmitter();
  const calls = [];
  const first = () => calls.push('first');
  emitter.on('x', first).once('x', () => calls.push('once')).on('x', () => calls.push('last'));
  check(emitter.emit('x', 1));
  emitter.off('x', first);
  emitter.emit('x');
  equal(calls, ['first', 'once', 'last', 'last']);
  equal([emitter.listenerCount('x'), emitter.emit('y')], [1, false]);
});
