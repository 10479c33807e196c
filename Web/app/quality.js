// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// In which quality each picture is received: what its tile can show, within what the viewer allows.

/** What a viewer may choose, for everybody or for one tile. */
export const QUALITIES = {
  auto: 'Automatic',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  saver: 'Data saver',
  off: 'No video',
};

/** A picture may be blown up by so much before a larger one is worth its bits. */
const STRETCH = 1.33;
/** More comes soon, less comes late: somebody may be resizing the window, or looking away for a moment. */
const UP_DELAY = 120;
const DOWN_DELAY = 1500;
const RETRY_DELAY = 3000;
/** What a sender is taken to send where it does not say. */
const USUAL_SIZE = { width: 1280, height: 720 };

/**
 * The layers to ask for: {spatialLayer, temporalLayer}, or null for no picture at all.
 *
 * `stream` is {spatialLayers, temporalLayers, width, height}, the size being that of the largest layer; `view` is {width,
 * height} of the tile in device pixels, `isVisible`, and `isWhole` where the picture is not cropped to fill the tile.
 */
export function chooseLayers(quality, stream, view) {
  if (quality === 'off' || !view.isVisible || view.width === 0 || view.height === 0) return null;
  const { spatialLayers: sizes, temporalLayers: rates } = stream;
  const [largest, fastest] = [sizes - 1, rates - 1];
  switch (quality) {
    case 'high':
      return { spatialLayer: largest, temporalLayer: fastest };
    case 'medium':
      // Of one or two sizes, the middle is the larger one at half its frame rate.
      return { spatialLayer: Math.ceil(largest / 2), temporalLayer: sizes > 2 ? fastest : Math.max(0, fastest - 1) };
    case 'low':
      return { spatialLayer: 0, temporalLayer: fastest };
    case 'saver':
      return { spatialLayer: 0, temporalLayer: 0 };
    default:
      return { spatialLayer: smallestFitting(sizes, stream, view), temporalLayer: fastest };
  }
}

/** The smallest layer that fills the view without being stretched much; each layer is half as wide as the next. */
function smallestFitting(sizes, stream, view) {
  const { width, height } = stream.width > 0 && stream.height > 0 ? stream : USUAL_SIZE;
  const ratios = [view.width / width, view.height / height];
  const needed = (view.isWhole ? Math.min(...ratios) : Math.max(...ratios)) / STRETCH;
  for (let layer = 0; layer < sizes - 1; layer += 1) if (2 ** (layer - sizes + 1) >= needed) return layer;
  return sizes - 1;
}

/** Whether one wish takes more of the network than another; null takes nothing. */
export function isMore(wish, than) {
  if (wish === null || than === null) return wish !== null && than === null;
  if (wish.spatialLayer !== than.spatialLayer) return wish.spatialLayer > than.spatialLayer;
  return wish.temporalLayer > than.temporalLayer;
}

const isSame = (a, b) => a === b || (a && b && a.spatialLayer === b.spatialLayer && a.temporalLayer === b.temporalLayer);

/**
 * Keeps the server told of the layers wanted of each consumer.
 *
 * `wishOf` says what is wanted of a consumer now; `apply` tells the server so, and may fail.
 */
export class LayerWishes {
  #wishOf;
  #apply;
  /** By consumer: {consumer, told, pending, timer, isBusy}. */
  #entries = new Map();

  constructor(wishOf, apply) {
    [this.#wishOf, this.#apply] = [wishOf, apply];
  }

  /** Looks at all consumers; call it whenever anything may have changed. What is chosen by hand does not wait. */
  update(consumers, isByHand = false) {
    const present = new Set(consumers);
    for (const [consumer, entry] of this.#entries) {
      if (present.has(consumer)) continue;
      clearTimeout(entry.timer);
      this.#entries.delete(consumer);
    }
    for (const consumer of consumers) {
      const isNew = !this.#entries.has(consumer);
      if (isNew) this.#entries.set(consumer, { told: best(consumer) });
      this.#consider(consumer, isNew || isByHand);
    }
  }

  clear() {
    this.update([]);
  }

  #consider(consumer, isHasty) {
    const entry = this.#entries.get(consumer);
    const wish = this.#wishOf(consumer);
    if (entry.timer !== undefined && !isHasty && isSame(entry.pending, wish)) return;
    clearTimeout(entry.timer);
    entry.timer = undefined;
    if (isSame(entry.told, wish)) return;
    entry.pending = wish;
    const delay = isHasty ? 0 : isMore(wish, entry.told) ? UP_DELAY : DOWN_DELAY;
    entry.timer = setTimeout(() => this.#tell(consumer), delay);
  }

  async #tell(consumer) {
    const entry = this.#entries.get(consumer);
    entry.timer = undefined;
    // What came meanwhile is told next.
    if (entry.isBusy) return;
    const wish = entry.pending;
    entry.isBusy = true;
    let hasFailed = false;
    try {
      await this.#apply(consumer, wish, entry.told);
      entry.told = wish;
    } catch (error) {
      hasFailed = true;
      if (!consumer.closed) console.info('layers were not taken', error.message);
    }
    entry.isBusy = false;
    if (this.#entries.get(consumer) !== entry || consumer.closed) return;
    if (!hasFailed) this.#consider(consumer, false);
    else if (entry.timer === undefined) entry.timer = setTimeout(() => this.#tell(consumer), RETRY_DELAY);
  }
}

/** What the server sends of a new consumer. */
function best({ spatialLayers, temporalLayers }) {
  return { spatialLayer: spatialLayers - 1, temporalLayer: temporalLayers - 1 };
}
