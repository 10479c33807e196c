// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// Where people write, and where they choose or drop files.

import { LONGEST_TEXT } from './messages.js';

const $ = (selector) => document.querySelector(selector);

export class Composer {
  #on;
  #input = $('#chat-input');
  #canSend = false;
  /** How deep a drag is inside the page: each element that it enters and leaves says so. */
  #depth = 0;

  /** `on` has onText (text), onTyping (isTyping), onFiles (files) and isWanted (): whether files may be dropped. */
  constructor(on) {
    this.#on = on;
    this.#input.maxLength = LONGEST_TEXT;
    this.#input.addEventListener('keydown', (event) => {
      // While an input method composes, Enter is its own.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
    this.#input.addEventListener('input', () => {
      this.#fit();
      on.onTyping(this.#input.value.trim() !== '');
    });
    $('#chat-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    $('#chat-attach').addEventListener('click', () => $('#chat-file').click());
    $('#chat-file').addEventListener('change', ({ target }) => {
      on.onFiles([...target.files]);
      // The same file may be chosen again.
      target.value = '';
    });
    this.#wireDrop();
  }

  focus() {
    // On a phone the keyboard would hide what one wants to read.
    if (matchMedia('(pointer: coarse)').matches) $('#chat-close').focus();
    else this.#input.focus();
  }

  /** What the channels can do, and what to say about it. */
  setState(state, text) {
    this.#canSend = state !== 'unavailable';
    $('#chat').dataset.state = state;
    $('#chat-status').textContent = text;
    for (const id of ['#chat-input', '#chat-send', '#chat-attach']) $(id).disabled = !this.#canSend;
  }

  setTyping(names) {
    const text = names.length > 2 ? 'Several people are typing' : `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} typing`;
    $('#chat-typing').textContent = names.length === 0 ? '' : text;
  }

  clear() {
    this.#input.value = '';
    this.#fit();
  }

  #submit() {
    const text = this.#input.value;
    if (!text.trim() || !this.#canSend) return;
    this.clear();
    this.#on.onText(text);
    this.#on.onTyping(false);
  }

  /** As high as its text, within what the style sheet allows. */
  #fit() {
    this.#input.style.height = 'auto';
    if (this.#input.scrollHeight > 0) this.#input.style.height = `${this.#input.scrollHeight}px`;
  }

  #wireDrop() {
    const isFiles = (event) => this.#on.isWanted() && [...(event.dataTransfer?.types ?? [])].includes('Files');
    const show = () => $('#drop').toggleAttribute('hidden', this.#depth === 0 || !this.#canSend);
    window.addEventListener('dragenter', (event) => {
      if (!isFiles(event)) return;
      this.#depth += 1;
      show();
    });
    window.addEventListener('dragleave', (event) => {
      if (!isFiles(event)) return;
      this.#depth = Math.max(0, this.#depth - 1);
      show();
    });
    window.addEventListener('dragover', (event) => {
      if (isFiles(event)) event.preventDefault();
    });
    window.addEventListener('drop', (event) => {
      if (!isFiles(event)) return;
      event.preventDefault();
      this.#depth = 0;
      show();
      if (this.#canSend) this.#on.onFiles([...event.dataTransfer.files]);
    });
  }
}
