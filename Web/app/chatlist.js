// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// The list of what was said and sent, in order and without doubles.

import { hueOf } from './grid.js';

/** Entries that are kept; the oldest go first. */
const MOST_ENTRIES = 500;
/** Who says more within so long is not named again. */
const TOGETHER = 5 * 60_000;
/** So near to its end the list follows what comes. */
const NEAR = 80;

export class ChatList {
  #root;
  #entries = new Map();

  constructor(root) {
    this.#root = root;
    // Opening the panel, turning a phone and keyboards that appear change the height.
    new ResizeObserver(() => this.#isFollowing && this.scrollToEnd()).observe(root);
    root.addEventListener('scroll', () => (this.#isFollowing = this.#isAtEnd()));
  }

  #isFollowing = true;

  get isEmpty() {
    return this.#entries.size === 0;
  }

  /** Adds what somebody said at the end; returns whether it is new. */
  add(message) {
    const key = keyOf(message);
    if (this.#entries.has(key)) return false;
    this.#insert(key, makeText(message), this.#root.lastElementChild, message);
    return true;
  }

  /** Adds an element of another kind, such as a file. */
  addElement(key, element, { peerId, name, time, isMine }) {
    const item = makeItem({ peerId, name, time, isMine });
    item.append(element);
    this.#insert(key, item, this.#root.lastElementChild, { isMine });
  }

  /** Puts what the server remembers, oldest first, between what is known of it; returns what was new. */
  merge(messages) {
    const added = [];
    let previous = null;
    this.#root.setAttribute('aria-busy', 'true');
    for (const message of messages) {
      const key = keyOf(message);
      const known = this.#entries.get(key);
      if (!known) {
        // What nothing is known around of was said after what is known.
        const isFirst = previous === null && !messages.some((other) => this.#entries.has(keyOf(other)));
        const place = isFirst ? this.#root.lastElementChild : previous;
        const item = makeText(message);
        this.#insert(key, item, place, message);
        added.push(message);
      }
      previous = this.#entries.get(key) ?? previous;
    }
    this.#root.removeAttribute('aria-busy');
    return added;
  }

  /** Marks what has not gone out yet. */
  setPending(peerId, id, isPending) {
    this.#entries.get(keyOf({ peerId, id }))?.toggleAttribute('data-pending', isPending);
  }

  clear() {
    this.#root.replaceChildren();
    this.#entries.clear();
    this.#isFollowing = true;
  }

  scrollToEnd() {
    this.#root.scrollTop = this.#root.scrollHeight;
  }

  #isAtEnd() {
    return this.#root.scrollHeight - this.#root.scrollTop - this.#root.clientHeight < NEAR;
  }

  /** Inserts after an item; null inserts at the beginning. */
  #insert(key, item, after, { isMine }) {
    if (after) after.after(item);
    else this.#root.prepend(item);
    this.#entries.set(key, item);
    item.dataset.key = key;
    group(item);
    if (item.nextElementSibling) group(item.nextElementSibling);
    while (this.#root.childElementCount > MOST_ENTRIES) this.#removeOldest();
    if (isMine && !item.nextElementSibling) this.#isFollowing = true;
    if (this.#isFollowing) this.scrollToEnd();
  }

  #removeOldest() {
    const oldest = this.#root.firstElementChild;
    this.#entries.delete(oldest.dataset.key);
    oldest.remove();
    oldest.dispatchEvent(new CustomEvent('dropped'));
    if (this.#root.firstElementChild) group(this.#root.firstElementChild);
  }
}

const keyOf = ({ peerId, id }) => JSON.stringify([peerId, id]);

function makeItem({ peerId, name, time, isMine }) {
  const item = document.createElement('li');
  item.className = `said${isMine ? ' mine' : ''}`;
  Object.assign(item.dataset, { peerId, time: String(time) });
  item.style.setProperty('--hue', String(hueOf(name)));
  const head = document.createElement('div');
  head.className = 'said-head';
  const who = Object.assign(document.createElement('span'), { className: 'who', textContent: isMine ? 'You' : name, dir: 'auto' });
  const when = Object.assign(document.createElement('time'), { dateTime: new Date(time).toISOString() });
  when.textContent = new Date(time).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  head.append(who, when);
  item.append(head);
  return item;
}

function makeText(message) {
  const item = makeItem(message);
  item.append(Object.assign(document.createElement('p'), { className: 'said-text', textContent: message.text, dir: 'auto' }));
  return item;
}

/** Whether an item goes on with what the same person said just before. */
function group(item) {
  const before = item.previousElementSibling;
  const isSame = before?.dataset.peerId === item.dataset.peerId && Number(item.dataset.time) - Number(before.dataset.time) < TOGETHER;
  item.classList.toggle('follows', isSame);
}
