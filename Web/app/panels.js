// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// What stands beside the pictures: one panel at a time, each with a button of its own in the toolbar.

const $ = (selector) => document.querySelector(selector);

export class Panels {
  #panels = new Map();
  /** The name of the panel that is open, or null. */
  open = null;

  /** A panel `#name` with `#name-button` and `#name-close`; `focus` says where the focus goes when it opens. */
  add(name, { onOpen, focus = () => {} }) {
    this.#panels.set(name, { onOpen, focus });
    $(`#${name}-button`).addEventListener('click', () => this.toggle(name));
    $(`#${name}-close`).addEventListener('click', () => this.close());
    $(`#${name}`).addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      this.close();
    });
  }

  toggle(name) {
    this.show(this.open === name ? null : name);
    if (this.open === name) this.#panels.get(name).focus();
  }

  /** Closes what is open, and puts the focus where it was opened. */
  close() {
    const name = this.open;
    if (name === null) return;
    this.show(null);
    $(`#${name}-button`).focus();
  }

  show(name) {
    this.open = name;
    for (const [other, { onOpen }] of this.#panels) {
      $(`#${other}`).hidden = other !== name;
      $(`#${other}-button`).setAttribute('aria-pressed', String(other === name));
      if (other === name) onOpen();
    }
  }
}
