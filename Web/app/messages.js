// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// What travels on the page's data channels. Everything that comes was written by somebody else, perhaps by a program with
// bad intentions: each reader returns a checked copy, or null. Pure functions.

/** Longest text that one message holds, in UTF-16 units. */
export const LONGEST_TEXT = 2000;
/** Longest message of text that is looked at. */
const LONGEST_FRAME = 16_384;
const LONGEST_ID = 64;
const LONGEST_NAME = 120;
/** Longest history that is looked at; a server keeps fewer. */
const LONGEST_HISTORY = 500;

/** The signs one can give, and what they are called. */
export const EMOJI = {
  '👍': 'thumbs up', '❤️': 'a heart', '😂': 'laughter', '😮': 'surprise', '🎉': 'a celebration', '👏': 'applause', '✋': 'a raised hand',
};

// Direction marks reorder what stands around them; control characters do worse.
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

const isText = (value, longest) => typeof value === 'string' && value.length > 0 && value.length <= longest;

function parse(data) {
  if (typeof data !== 'string' || data.length > LONGEST_FRAME) return null;
  try {
    const value = JSON.parse(data);
    return value !== null && typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

/** A time that can be shown: never later than now, by which a wrong clock would stand out of the order. */
function readTime(value, now) {
  return Number.isFinite(value) && value > 0 ? Math.min(value, now) : now;
}

/** Text as people may see it: without controls, and not longer than a message. */
export function cleanText(text) {
  return text.replaceAll('\r\n', '\n').replace(CONTROLS, '').trim().slice(0, LONGEST_TEXT);
}

export function writeText({ id, text, time }) {
  return JSON.stringify({ type: 'text', id, text, time });
}

/** {id, text, time}, or null. */
export function readText(data, now = Date.now()) {
  return checkedText(parse(data), now);
}

function checkedText(message, now) {
  if (message?.type !== 'text' || !isText(message.id, LONGEST_ID) || typeof message.text !== 'string') return null;
  const text = cleanText(message.text);
  return text ? { id: message.id, text, time: readTime(message.time, now) } : null;
}

/** What was said before, oldest first: [{peerId, displayName, id, text, time}]. */
export function readHistory(list, now = Date.now()) {
  if (!Array.isArray(list)) return [];
  return list.slice(-LONGEST_HISTORY).flatMap((entry) => {
    const message = entry && checkedText({ ...entry, type: 'text' }, now);
    if (!message || typeof entry.peerId !== 'string') return [];
    return [{ ...message, peerId: entry.peerId, displayName: typeof entry.displayName === 'string' ? entry.displayName : '' }];
  });
}

export const writeReaction = (emoji) => JSON.stringify({ type: 'reaction', emoji });
export const writeTyping = (on) => JSON.stringify({ type: 'typing', on });

/** {emoji} or {isTyping}, or null. */
export function readSign(data) {
  const message = parse(data);
  if (message?.type === 'reaction' && typeof message.emoji === 'string' && Object.hasOwn(EMOJI, message.emoji)) {
    return { emoji: message.emoji };
  }
  if (message?.type === 'typing' && typeof message.on === 'boolean') return { isTyping: message.on };
  return null;
}

// MARK: - Files

/** Largest file, in bytes. */
export const LARGEST_FILE = 4 << 20;
/** Longest message of a file, header included. */
export const CHUNK = 16_384;
/** A chunk begins with the file's number and its place in the file, four bytes each, the most significant first. */
const HEADER = 8;
export const CHUNK_PAYLOAD = CHUNK - HEADER;
/** Shorter chunks are refused but for the last one: they would cost more than they carry. */
const SHORTEST_CHUNK = 1024;

/** A name that a file may be stored under: no path, no hidden file, nothing that turns the end around. */
export function safeName(name) {
  const clean = String(name).replace(CONTROLS, '').replaceAll('\n', ' ').replace(/[\\/:*?"<>|]/g, '_').replace(/^[\s.]+|[\s.]+$/g, '');
  if (clean.length <= LONGEST_NAME) return clean || 'file';
  const ending = /\.[^.]{1,12}$/.exec(clean)?.[0] ?? '';
  return clean.slice(0, LONGEST_NAME - ending.length) + ending;
}

export function writeFile({ number, id, name, size, time }) {
  return JSON.stringify({ type: 'file', number, id, name, size, time });
}

export const writeCancel = (number) => JSON.stringify({ type: 'cancel', number });

/** {number, id, name, size, time}, {cancelled: number}, or null. */
export function readFile(data, now = Date.now()) {
  const message = parse(data);
  if (!isNumber(message?.number, 0xffff_ffff)) return null;
  const { type, number, id, size } = message;
  if (type === 'cancel') return { cancelled: number };
  if (type !== 'file' || !isText(id, LONGEST_ID) || typeof message.name !== 'string' || !isNumber(size, LARGEST_FILE)) return null;
  return { number, id, name: safeName(message.name), size, time: readTime(message.time, now) };
}

const isNumber = (value, highest) => Number.isInteger(value) && value >= 0 && value <= highest;

export function writeChunk(number, offset, payload) {
  const chunk = new Uint8Array(HEADER + payload.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, number);
  view.setUint32(4, offset);
  chunk.set(payload, HEADER);
  return chunk;
}

/** {number, offset, payload}, or null. */
export function readChunk(data) {
  if (!(data instanceof ArrayBuffer) || data.byteLength <= HEADER || data.byteLength > CHUNK) return null;
  const view = new DataView(data);
  return { number: view.getUint32(0), offset: view.getUint32(4), payload: new Uint8Array(data, HEADER) };
}

/** Whether a chunk can stand where it says in a file of which so much is there. */
export function fits({ offset, payload }, { size, received }) {
  const end = offset + payload.length;
  return offset === received && end <= size && (end === size || payload.length >= SHORTEST_CHUNK);
}

/** So many things at once, and so many a second in the long run. */
export class Allowance {
  #rate;
  #most;
  #left;
  #last;

  constructor({ burst, perSecond }, now = performance.now()) {
    [this.#rate, this.#most, this.#left, this.#last] = [perSecond / 1000, burst, burst, now];
  }

  /** Whether one more is allowed at `now`, in milliseconds. */
  take(now = performance.now()) {
    this.#left = Math.min(this.#most, this.#left + (now - this.#last) * this.#rate);
    this.#last = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
