// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// The page's words, signs and files without a network: what is read of others, what is refused, and how files travel.

import { ChatList } from '/app/chatlist.js';
import { FileReceiving } from '/app/filereceiving.js';
import { FileSending } from '/app/filesending.js';
import * as messages from '/app/messages.js';
import { EventEmitter } from '/client/index.js';
import { check, equal, fails, test, until } from './harness.js';

const { CHUNK_PAYLOAD, LARGEST_FILE } = messages;

test('texts are read, and what is none is not', () => {
  const read = (value) => messages.readText(typeof value === 'string' ? value : JSON.stringify(value), 1000);
  equal(read({ type: 'text', id: 'a', text: ' hello\n\u202eyou ', time: 900 }), { id: 'a', text: 'hello\nyou', time: 900 });
  equal(read({ type: 'text', id: 'a', text: 'x', time: 5000 }).time, 1000, 'nothing is said later than now');
  equal(read({ type: 'text', id: 'a', text: 'x'.repeat(9000), time: 'no' }), { id: 'a', text: 'x'.repeat(2000), time: 1000 });
  const wrong = ['', 'hello', '[]', 'null', '{', { type: 'text', id: 'a' }, { type: 'text', id: 7, text: 'x' }, { type: 'text', id: 'a', text: ' \u0000\n ' },
    { type: 'text', id: 'a'.repeat(65), text: 'x' }, { type: 'other', id: 'a', text: 'x' }, { type: 'text', id: 'a', text: 'x'.repeat(20_000) }];
  equal(wrong.map(read), wrong.map(() => null));
  equal(messages.readText(new ArrayBuffer(10)), null);
  equal(read(messages.writeText({ id: 'b', text: 'ü', time: 3 })), { id: 'b', text: 'ü', time: 3 });
});

test('a history is read entry by entry', () => {
  const good = { peerId: 'p', displayName: 'Ada', id: '1', text: 'x', time: 5 };
  const list = [good, null, 7, { ...good, peerId: 3 }, { ...good, text: '' }, { ...good, displayName: {} }];
  equal(messages.readHistory(list, 9), [{ ...good }, { ...good, displayName: '' }]);
  equal([undefined, {}, 'x'].map((value) => messages.readHistory(value)), [[], [], []]);
  equal(messages.readHistory(Array(9999).fill(good)).length, 500);
});

test('signs are those of the row', () => {
  const read = (value) => messages.readSign(JSON.stringify(value));
  equal(messages.readSign(messages.writeReaction('🎉')), { emoji: '🎉' });
  equal(messages.readSign(messages.writeTyping(true)), { isTyping: true });
  const wrong = [{ type: 'reaction', emoji: '<b>' }, { type: 'reaction', emoji: 'toString' }, { type: 'reaction', emoji: ['🎉'] }, { type: 'typing', on: 1 }];
  equal(wrong.map(read), wrong.map(() => null));
});

test('names of files are made harmless, and sizes are bounded', () => {
  const names = { '../../etc/passwd': '_.._etc_passwd', 'C:\\x.exe': 'C__x.exe', '.bashrc': 'bashrc', 'photo\u202egpj.exe': 'photogpj.exe', '   ': 'file', 'a\nb': 'a b' };
  equal(Object.keys(names).map(messages.safeName), Object.values(names));
  const long = messages.safeName(`${'x'.repeat(300)}.tar.gz`);
  check(long.length === 120 && long.endsWith('.gz'), long);
  const announce = (change) => messages.readFile(JSON.stringify({ type: 'file', number: 1, id: 'i', name: 'n', size: 5, time: 2, ...change }), 9);
  equal(announce({}), { number: 1, id: 'i', name: 'n', size: 5, time: 2 });
  const wrong = [{ size: LARGEST_FILE + 1 }, { size: -1 }, { size: 1.5 }, { size: '5' }, { number: 2 ** 32 }, { number: undefined }, { id: '' }, { name: 5 }];
  equal(wrong.map(announce), wrong.map(() => null));
  equal(messages.readFile(messages.writeCancel(4)), { cancelled: 4 });
});

const peer = { id: 'p', displayName: 'Ada' };
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A receiver, what it says, and ways to send to it. */
function receiver() {
  const made = { files: [], receiving: new FileReceiving() };
  made.receiving.on('file', (file) => made.files.push(file));
  made.announce = (number, size, from = peer, id = `f${number}`) => made.receiving.receive(from, messages.writeFile({ number, id, name: `${number}.bin`, size, time: 1 }));
  made.chunk = (number, offset, length, from = peer) => made.receiving.receive(from, messages.writeChunk(number, offset, new Uint8Array(length).fill(number)).buffer);
  return made;
}

test('a file arrives from chunks in their order, and from nothing else', async () => {
  const { files, receiving, announce, chunk } = receiver();
  chunk(1, 0, 2000);
  equal(files.length, 0, 'nothing was announced');
  announce(1, 3000);
  chunk(1, 0, 2000);
  equal([files[0].state, files[0].received], ['arriving', 2000]);
  chunk(2, 0, 1000);
  chunk(1, 2000, 1000, { id: 'another' });
  equal(files[0].received, 2000, 'not of this person');
  chunk(1, 2000, 1000);
  equal([files[0].state, files[0].blob.size, files[0].blob.type], ['done', 3000, 'application/octet-stream']);
  equal([...new Uint8Array(await files[0].blob.arrayBuffer())].every((byte) => byte === 1), true);
  chunk(1, 3000, 1000);
  equal(files[0].blob.size, 3000, 'more is not taken');
  announce(2, 0);
  equal([files[1].state, files[1].blob.size], ['done', 0]);
  receiving.clear();
});

test('chunks that do not fit end their file', () => {
  const { files, receiving, announce, chunk } = receiver();
  const bad = [[0, 1], [1000, 2000], [0, 6000], [2 ** 31, 2000]];
  bad.forEach(([offset, length], index) => {
    announce(index + 1, 5000);
    chunk(index + 1, offset, length);
    chunk(index + 1, 0, 5000);
  });
  equal(files.map(({ state, parts }) => [state, parts]), bad.map(() => ['failed', undefined]));
  const from = { id: 'q' };
  announce(9, 50_000, from);
  receiving.receive(from, new ArrayBuffer(0));
  receiving.receive(from, new ArrayBuffer(20_000));
  equal(files[4].received, 0, 'too short and too long are no chunks');
  receiving.clear();
});

test('one person has few files on the way, everybody together not many', () => {
  const { files, receiving, announce } = receiver();
  for (let number = 1; number <= 6; number += 1) announce(number, 5000);
  equal(files.length, 3);
  announce(2, 5000, peer, 'the same number');
  equal(files.length, 3);
  for (let number = 1; number <= 20; number += 1) announce(1, 5000, { id: `other ${number}` });
  equal(files.length, 16);
  receiving.ended(peer);
  equal(files.slice(0, 3).map(({ state }) => state), ['failed', 'failed', 'failed']);
  const last = { id: 'flood' };
  for (let number = 1; number <= 100; number += 1) {
    announce(number, 0, last);
  }
  check(files.length <= 16 + 6, `${files.length} files of who announces without end`);
  receiving.clear();
});

test('the sender stops, the reader stops, and who comes back begins again', () => {
  const { files, receiving, announce, chunk } = receiver();
  announce(1, 5000);
  receiving.receive(peer, messages.writeCancel(1));
  announce(2, 5000);
  receiving.dismiss(files[1]);
  announce(3, 5000);
  chunk(3, 0, 2000);
  receiving.ended(peer);
  equal(files.map(({ state }) => state), ['failed', 'failed', 'failed']);
  announce(1, 5000, peer, 'f3');
  equal([files.length, files[2].state, files[2].received], [3, 'arriving', 0]);
  chunk(1, 0, 5000);
  equal(files[2].state, 'done');
  announce(2, 5000, peer, 'f3');
  equal([files[2].state, files[2].blob.size], ['done', 5000], 'what has arrived stays');
  receiving.clear();
});

/** Channels whose other end is a receiver, and that let so many bytes a second through. */
class FakeChannels extends EventEmitter {
  state = 'open';
  sent = [];
  most = 0;

  constructor(target, bytesPerSecond) {
    super();
    const producer = new EventEmitter();
    Object.assign(producer, { bufferedAmount: 0, bufferedAmountLowThreshold: 0, closed: false });
    producer.send = (data) => {
      if (producer.closed) throw new Error('closed');
      const bytes = data.byteLength ?? data.length;
      producer.bufferedAmount += bytes;
      this.most = Math.max(this.most, producer.bufferedAmount);
      this.sent.push({ time: performance.now(), bytes });
      target.receive(peer, typeof data === 'string' ? data : data.buffer);
    };
    this.timer = setInterval(() => {
      const before = producer.bufferedAmount;
      producer.bufferedAmount = Math.max(0, before - bytesPerSecond / 50);
      const threshold = producer.bufferedAmountLowThreshold;
      if (before > threshold && producer.bufferedAmount <= threshold) producer.emit('bufferedamountlow');
    }, 20);
    this.producer = producer;
  }

  async open() {
    if (this.producer.closed) throw new Error('closed');
    return this.producer;
  }

  send(label, data) {
    this.producer.send(data);
    return true;
  }
}

function blobOf(size, name = 'data.bin') {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, Math.min(size, at + 65536)));
  return { file: new File([bytes], name), bytes };
}

test('files are sent one after the other, unchanged, with little in the queue', async () => {
  const { files, receiving } = receiver();
  const channels = new FakeChannels(receiving, 600_000);
  const sending = new FileSending(channels, () => false);
  const [first, second] = [blobOf(CHUNK_PAYLOAD * 12 + 5, 'a/b.bin'), blobOf(0, 'empty')];
  const seen = [];
  sending.on('changed', (file) => seen.push(file.sent));
  const entries = [sending.add(first.file), sending.add(second.file)];
  await until(() => entries.every(({ state }) => state === 'sent'), 'sent');
  equal(files.map(({ name, state }) => [name, state]), [['a_b.bin', 'done'], ['empty', 'done']]);
  equal([...new Uint8Array(await files[0].blob.arrayBuffer())].join(), [...first.bytes].join());
  check(channels.most <= 64 << 10, `${channels.most} bytes were in the queue`);
  check(seen.filter((sent) => sent > 0 && sent < first.bytes.length).length > 5, 'progress is told');
  clearInterval(channels.timer);
});

test('beside media a file takes no more than its share', async () => {
  const { receiving } = receiver();
  const channels = new FakeChannels(receiving, 10_000_000);
  const sending = new FileSending(channels, () => true);
  const entry = sending.add(blobOf(600_000).file);
  await pause(2500);
  const bytes = channels.sent.reduce((sum, part) => sum + part.bytes, 0);
  // A megabit a second, and at first what half a second may catch up.
  check(bytes > 250_000 && bytes < 420_000, `${bytes} bytes in 2.5 s`);
  sending.stop(entry);
  equal(entry.state, 'stopped');
  clearInterval(channels.timer);
});

test('what is too large is refused, and what breaks begins again', async () => {
  const { files, receiving } = receiver();
  const channels = new FakeChannels(receiving, 1_000_000);
  const sending = new FileSending(channels, () => false);
  const error = await fails(() => sending.add({ name: 'film.mp4', size: LARGEST_FILE + 1 }));
  check(/4 MiB/.test(error.message) && /film/.test(error.message), error.message);
  const entry = sending.add(blobOf(600_000).file);
  await until(() => files[0]?.received > 50_000, 'half of it');
  const broken = channels.producer;
  Object.assign(channels, { state: 'closed' });
  broken.closed = true;
  broken.emit('transportclose');
  receiving.ended(peer);
  await until(() => entry.state === 'waiting', 'waiting');
  equal(files[0].state, 'failed');
  broken.closed = false;
  broken.bufferedAmount = 0;
  channels.state = 'open';
  channels.emit('open', 'chat');
  await until(() => entry.state === 'sent', 'sent after all');
  equal([files.length, files[0].state, files[0].blob.size], [1, 'done', 600_000]);
  for (let count = 0; count < 5; count += 1) sending.add(blobOf(10_000).file);
  check(/on their way/.test((await fails(() => sending.add(blobOf(1).file))).message));
  sending.end();
  clearInterval(channels.timer);
});

test('the list has no doubles, and a history finds its place', () => {
  const root = document.createElement('ol');
  document.body.append(root);
  const list = new ChatList(root);
  const said = (id, peerId = 'p', time = 1000) => ({ id, peerId, name: 'Ada <b>', text: `<i>${id}</i>`, time });
  const ids = () => [...root.querySelectorAll('.said-text')].map((element) => element.textContent.slice(3, -4)).join('');
  check(list.isEmpty);
  equal(list.merge([said('a'), said('b')]).length, 2);
  check(list.add(said('c')) && !list.add(said('c')) && list.add(said('c', 'another')), 'an id counts for who gave it');
  equal(ids(), 'abcc');
  equal(list.merge([said('a'), said('b'), said('x'), said('c'), said('y')]).map(({ id }) => id), ['x', 'y']);
  equal(ids(), 'abxcyc');
  equal(list.merge([said('1', 'q'), said('2', 'q')]).length, 2);
  equal(ids(), 'abxcyc12');
  equal(root.querySelectorAll('i, b').length, 0, 'text is text');
  equal([...root.children].map((item) => item.classList.contains('follows')), [false, true, true, true, true, false, false, true]);
  list.setPending('p', 'a', true);
  check(root.firstElementChild.hasAttribute('data-pending'));
  for (let count = 0; count < 600; count += 1) list.add(said(`n${count}`));
  equal(root.childElementCount, 500);
  check(list.add(said('a')), 'what was dropped is forgotten');
  list.clear();
  check(list.isEmpty);
  root.remove();
});
