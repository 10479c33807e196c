// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// What people say, send and signal beside their pictures: joins the room's channels with what the page shows of them.

import { ChatList } from './chatlist.js';
import { Composer } from './composer.js';
import { FileCards } from './filecards.js';
import { Allowance, cleanText, readHistory, readSign, readText, writeReaction, writeText, writeTyping } from './messages.js';
import { Reactions } from './reactions.js';

/** How long “is typing” holds without being said again, and how often who types says it. */
const TYPING_LIFE = 3000;
const TYPING_PAUSE = 1200;
/** What was said so shortly before a break, and is not in the history after it, is said again. */
const DOUBTFUL = 15_000;
/** What of one person is shown; programs that write faster are not read. */
const TEXTS = { burst: 15, perSecond: 3 };
const SIGNS = { burst: 10, perSecond: 4 };

const STATUS = {
  closed: 'The connection is away. What you write goes out when it is back.',
  connecting: 'Connecting …',
  open: '',
  unavailable: 'Words and files cannot be sent here: there is no data channel to the server.',
};

export class Chat {
  #room = null;
  #grid;
  #panels;
  #list = new ChatList(document.querySelector('#chat-list'));
  #composer;
  #cards;
  #reactions;
  #unread = 0;
  /** What this person said lately: {id, text, time, isSent}. */
  #said = [];
  #allowances = new Map();
  #hasRecalled = false;
  /** Timers of those who type, by person. */
  #typing = new Map();
  #lastTyping = 0;

  constructor({ grid, panels }) {
    [this.#grid, this.#panels] = [grid, panels];
    this.#composer = new Composer({
      onText: (text) => this.#say(text),
      onTyping: (isTyping) => this.#tellTyping(isTyping),
      onFiles: (files) => this.#cards.send(files),
      isWanted: () => this.#room !== null,
    });
    this.#cards = new FileCards(this.#list, () => this.#noteUnread());
    this.#reactions = new Reactions((emoji) => this.#react(emoji));
    panels.add('chat', { onOpen: () => this.#opened(), focus: () => this.#composer.focus() });
  }

  get isOpen() {
    return this.#panels.open === 'chat';
  }

  /** Serves this room from now on; null serves none, and forgets what was said. */
  follow(room) {
    this.#room = room;
    for (const peerId of [...this.#typing.keys()]) this.#setTyping({ id: peerId }, false);
    this.#list.clear();
    this.#cards.follow(room);
    this.#reactions.hide();
    this.#composer.clear();
    this.#allowances.clear();
    this.#said = [];
    this.#hasRecalled = false;
    this.#setUnread(0);
    if (!room) return;
    const { channels } = room;
    const mine = (handler) => (...values) => {
      if (room === this.#room) handler(...values);
    };
    channels.on('state', mine((state) => this.#composer.setState(state, STATUS[state])));
    channels.on('open', mine((label) => label === 'chat' && this.#flush()));
    channels.on('message', mine((label, peer, data) => this.#receive(label, peer, data)));
    channels.on('ended', mine((label, peer) => this.#ended(label, peer)));
    room.on('history', mine((history) => this.#recall(history)));
    room.on('peerchanged', mine(() => this.#showTyping()));
    this.#composer.setState(channels.state, STATUS[channels.state]);
  }

  toggleReactions() {
    this.#reactions.toggle();
  }

  // MARK: - Out

  #say(text) {
    const clean = cleanText(text);
    if (!clean || !this.#room) return;
    const { peerId, displayName } = this.#room;
    const message = { id: crypto.getRandomValues(new Uint32Array(3)).join('-'), text: clean, time: Date.now(), isSent: false };
    this.#said = [...this.#said.filter(({ time, isSent }) => !isSent || Date.now() - time < DOUBTFUL), message];
    this.#list.add({ ...message, peerId, name: displayName, isMine: true });
    this.#flush();
    this.#lastTyping = 0;
  }

  /** Sends what was not sent, in order. */
  #flush() {
    for (const message of this.#said) {
      message.isSent ||= this.#room.channels.send('chat', writeText(message));
      this.#list.setPending(this.#room.peerId, message.id, !message.isSent);
    }
  }

  #tellTyping(isTyping) {
    const now = performance.now();
    if (!this.#room || (isTyping && this.#lastTyping > 0 && now - this.#lastTyping < TYPING_PAUSE)) return;
    if (!isTyping && this.#lastTyping === 0) return;
    this.#lastTyping = isTyping ? now : 0;
    this.#room.channels.send('reactions', writeTyping(isTyping));
  }

  #react(emoji) {
    if (!this.#room) return;
    const isSent = this.#room.channels.send('reactions', writeReaction(emoji));
    if (isSent) this.#reactions.show(this.#grid.get('self'), 'You', emoji);
    else this.#reactions.explain(STATUS[this.#room.channels.state] || STATUS.connecting);
  }

  // MARK: - In

  #receive(label, peer, data) {
    if (label === 'files') {
      this.#cards.receive(peer, data);
    } else if (label === 'chat') {
      const message = this.#isAllowed('texts', peer, TEXTS) && readText(data);
      if (!message) return;
      this.#setTyping(peer, false);
      if (this.#list.add({ ...message, time: Date.now(), peerId: peer.id, name: peer.displayName })) this.#noteUnread();
    } else {
      const sign = this.#isAllowed('signs', peer, SIGNS) && readSign(data);
      if (!sign) return;
      if (sign.emoji) this.#reactions.show(this.#grid.get(peer.id), peer.displayName, sign.emoji);
      else this.#setTyping(peer, sign.isTyping);
    }
  }

  /** What the server remembers: of use to who comes, and to who was away. */
  #recall(history) {
    const { peerId: own, peers } = this.#room;
    const entries = readHistory(history);
    const added = this.#list.merge(entries.map((entry) => {
      const isMine = entry.peerId === own;
      return { ...entry, isMine, name: entry.displayName || peers.get(entry.peerId)?.displayName || 'Guest' };
    }));
    // Who comes for the first time has missed nothing yet.
    if (this.#hasRecalled) for (const { isMine } of added) if (!isMine) this.#noteUnread();
    this.#hasRecalled = true;
    // Only what went out on a connection that is gone may be lost.
    const isDoubtful = ({ time }) => this.#room.channels.state !== 'open' && Date.now() - time < DOUBTFUL;
    const remembered = new Set(entries.filter(({ peerId }) => peerId === own).map(({ id }) => id));
    for (const message of this.#said) {
      if (remembered.has(message.id)) message.isSent = true;
      else if (isDoubtful(message)) message.isSent = false;
    }
  }

  #ended(label, peer) {
    if (label === 'files') this.#cards.ended(peer);
    if (label === 'reactions') this.#setTyping(peer, false);
    if (!this.#room.peers.has(peer.id)) for (const kind of ['texts', 'signs']) this.#allowances.delete(`${kind}/${peer.id}`);
  }

  #isAllowed(kind, peer, limits) {
    const key = `${kind}/${peer.id}`;
    if (!this.#allowances.has(key)) this.#allowances.set(key, new Allowance(limits));
    return this.#allowances.get(key).take();
  }

  #setTyping(peer, isTyping) {
    clearTimeout(this.#typing.get(peer.id));
    this.#typing.delete(peer.id);
    if (isTyping) this.#typing.set(peer.id, setTimeout(() => this.#setTyping(peer, false), TYPING_LIFE));
    this.#showTyping();
  }

  #showTyping() {
    const names = [...this.#typing.keys()].map((id) => this.#room?.peers.get(id)?.displayName).filter(Boolean);
    this.#composer.setTyping(names);
  }

  // MARK: - Unread

  #opened() {
    this.#setUnread(0);
    this.#list.scrollToEnd();
  }

  #noteUnread() {
    if (!this.isOpen) this.#setUnread(this.#unread + 1);
  }

  #setUnread(count) {
    this.#unread = count;
    const badge = document.querySelector('#unread');
    badge.hidden = count === 0;
    badge.textContent = count > 99 ? '99+' : String(count);
    document.querySelector('#chat-button').setAttribute('aria-label', count === 0 ? 'Chat' : `Chat, ${count} unread`);
  }
}
