// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// A row of signs to give, and the signs that others give, floating over their pictures.

import { EMOJI } from './messages.js';
import { toast } from './page.js';

/** How long a sign floats, and how many do so at once over one picture. */
const LIFE = 3200;
const MOST_ON_A_TILE = 12;

const $ = (selector) => document.querySelector(selector);

export class Reactions {
  #row = $('#reactions');
  #button = $('#react-button');

  /** `onReact` (emoji) hears what this person gives. */
  constructor(onReact) {
    for (const [emoji, name] of Object.entries(EMOJI)) {
      const button = Object.assign(document.createElement('button'), { type: 'button', className: 'emoji', textContent: emoji, title: capital(name) });
      button.setAttribute('aria-label', capital(name));
      button.addEventListener('click', () => onReact(emoji));
      this.#row.append(button);
    }
    this.#button.addEventListener('click', () => this.toggle());
    this.#row.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') {
        this.hide();
        this.#button.focus();
        event.stopPropagation();
      }
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const all = [...this.#row.children];
      all.at((all.indexOf(document.activeElement) + step) % all.length)?.focus();
    });
    window.addEventListener('pointerdown', ({ target }) => {
      if (!this.#row.contains(target) && !this.#button.contains(target)) this.hide();
    });
  }

  toggle() {
    const isOpen = this.#row.hidden;
    this.#row.hidden = !isOpen;
    this.#button.setAttribute('aria-expanded', String(isOpen));
    if (isOpen) this.#row.firstElementChild.focus();
  }

  hide() {
    this.#row.hidden = true;
    this.#button.setAttribute('aria-expanded', 'false');
  }

  /** Says why nothing was sent. */
  explain(text) {
    toast(text, { isError: true });
  }

  /** Lets a sign rise over a person's tile. */
  show(tile, name, emoji) {
    if (!tile) return;
    const present = tile.element.querySelectorAll('.floating');
    if (present.length >= MOST_ON_A_TILE) present[0].remove();
    const sign = Object.assign(document.createElement('span'), { className: 'floating', textContent: emoji });
    sign.setAttribute('aria-hidden', 'true');
    sign.style.setProperty('--place', `${20 + Math.random() * 60}%`);
    sign.style.setProperty('--sway', `${Math.random() * 40 - 20}px`);
    tile.element.append(sign);
    setTimeout(() => sign.remove(), LIFE);
    $('#sign-log').textContent = name === 'You' ? '' : `${name}: ${EMOJI[emoji]}`;
  }
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);
