// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// Files as cards in the list: what they are called, how far they have come, and where they can be taken. Nothing of them
// is opened or shown.

import { FileReceiving } from './filereceiving.js';
import { FileSending } from './filesending.js';
import { toast } from './page.js';

export class FileCards {
  #list;
  #onNew;
  #room = null;
  #sending;
  #receiving = new FileReceiving();
  #cards = new Map();

  constructor(list, onNew) {
    [this.#list, this.#onNew] = [list, onNew];
    this.#receiving.on('file', (file) => {
      const { peer, time } = file;
      this.#add(file, { peerId: peer.id, name: peer.displayName, time }, () => this.#receiving.dismiss(file));
      this.#onNew();
    });
    this.#receiving.on('changed', (file) => this.#cards.get(file)?.show(file));
  }

  /** Serves this room from now on; null serves none. */
  follow(room) {
    this.#sending?.end();
    this.#receiving.clear();
    for (const card of this.#cards.values()) card.drop();
    this.#cards.clear();
    [this.#room, this.#sending] = [room, undefined];
    if (!room) return;
    this.#sending = new FileSending(room.channels, () => room.sending.isNeeded);
    this.#sending.on('changed', (file) => this.#cards.get(file)?.show(file));
  }

  send(blobs) {
    if (!this.#room) return;
    if (this.#room.channels.state === 'unavailable') {
      toast('Files cannot be sent here: there is no data channel to the server.', { isError: true });
      return;
    }
    for (const blob of blobs) {
      try {
        const file = this.#sending.add(blob);
        const { peerId, displayName: name } = this.#room;
        this.#add(file, { peerId, name, time: file.time, isMine: true }, () => this.#sending?.stop(file));
      } catch (error) {
        toast(error.message, { isError: true });
      }
    }
  }

  receive(peer, data) {
    this.#receiving.receive(peer, data);
  }

  ended(peer) {
    this.#receiving.ended(peer);
  }

  #add(file, from, onStop) {
    const card = new Card(from.isMine === true, onStop);
    this.#cards.set(file, card);
    this.#list.addElement(`file/${from.peerId}/${file.id}`, card.element, from);
    card.element.closest('li').addEventListener('dropped', () => {
      this.#cards.delete(file);
      card.drop();
    });
    card.show(file);
  }
}

const STATES = { waiting: 'Waiting', sent: 'Sent', stopped: 'Stopped', done: 'Arrived', failed: 'Failed', gone: 'Gone' };

class Card {
  #isMine;
  #parts;
  #url;

  constructor(isMine, onStop) {
    this.#isMine = isMine;
    const element = document.createElement('div');
    element.className = 'file';
    element.innerHTML = `
      <svg class="icon" aria-hidden="true"><use href="#i-file"/></svg>
      <div class="file-body"><span class="file-name" dir="auto"></span><span class="file-facts"></span><progress max="1" value="0"></progress></div>
      <a class="ghost file-take" hidden><svg class="icon" aria-hidden="true"><use href="#i-download"/></svg></a>
      <button type="button" class="ghost file-stop"><svg class="icon" aria-hidden="true"><use href="#i-close"/></svg></button>`;
    this.element = element;
    const [name, facts, progress, take, stop] = ['.file-name', '.file-facts', 'progress', '.file-take', '.file-stop'].map((part) => element.querySelector(part));
    this.#parts = { name, facts, progress, take, stop };
    stop.addEventListener('click', onStop);
  }

  show(file) {
    const { name, facts, progress, take, stop } = this.#parts;
    const { state, size } = file;
    const isMoving = state === 'waiting' || state === 'sending' || state === 'arriving';
    const moved = this.#isMine ? file.sent : file.received;
    this.element.dataset.state = state;
    name.textContent = file.name;
    progress.hidden = !isMoving;
    stop.hidden = !isMoving;
    progress.value = size > 0 ? moved / size : 1;
    progress.setAttribute('aria-label', `Progress of ${file.name}`);
    stop.setAttribute('aria-label', `Stop ${file.name}`);
    const isWaiting = !isMoving || state === 'waiting';
    facts.textContent = isWaiting ? `${sizeText(size)} · ${file.why ?? STATES[state]}` : `${sizeText(moved)} of ${sizeText(size)}`;
    if (state === 'done' && !this.#url) {
      this.#url = URL.createObjectURL(file.blob);
      Object.assign(take, { href: this.#url, download: file.name, hidden: false, title: 'Download' });
      take.setAttribute('aria-label', `Download ${file.name}`);
    } else if (state !== 'done') {
      this.drop();
    }
  }

  /** Lets what was received go. */
  drop() {
    if (!this.#url) return;
    URL.revokeObjectURL(this.#url);
    this.#url = undefined;
    this.#parts.take.hidden = true;
    this.#parts.take.removeAttribute('href');
  }
}

function sizeText(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(0)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
