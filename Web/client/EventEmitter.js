// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/** A small event emitter. A listener that throws is reported and does not stop the others. */
export class EventEmitter {
  #listeners = new Map();

  on(name, listener) {
    const list = this.#listeners.get(name) ?? [];
    this.#listeners.set(name, [...list, listener]);
    return this;
  }

  once(name, listener) {
    const wrapper = (...values) => {
      this.off(name, wrapper);
      listener(...values);
    };
    wrapper.original = listener;
    return this.on(name, wrapper);
  }

  off(name, listener) {
    const list = this.#listeners.get(name) ?? [];
    this.#listeners.set(name, list.filter((entry) => entry !== listener && entry.original !== listener));
    return this;
  }

  removeAllListeners(name) {
    if (name === undefined) this.#listeners.clear();
    else this.#listeners.delete(name);
    return this;
  }

  listenerCount(name) {
    return this.#listeners.get(name)?.length ?? 0;
  }

  /** Calls the listeners in the order they were added; returns whether there were any. */
  emit(name, ...values) {
    const list = this.#listeners.get(name) ?? [];
    for (const listener of list) {
      try {
        listener(...values);
      } catch (error) {
        console.error(`a listener of "${name}" failed`, error);
      }
    }
    return list.length > 0;
  }
}
