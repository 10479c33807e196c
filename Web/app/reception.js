// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// Receives each picture in the quality that its tile can show and the viewer wants.

import { tileShowing } from './people.js';
import { LayerWishes, chooseLayers } from './quality.js';

export class Reception {
  #grid;
  #room = null;
  #quality = 'auto';
  #wishes;

  constructor(grid) {
    this.#grid = grid;
    this.#wishes = new LayerWishes(
      (consumer) => this.#wishFor(consumer),
      (consumer, layers, before) => this.#room.setLayers(consumer, layers, before));
    grid.on('viewchange', (isByHand) => this.update(isByHand));
  }

  /** Serves this room from now on; null serves none. */
  follow(room) {
    this.#room = room;
    this.update();
  }

  /** The viewer's choice for all pictures without one of their own. */
  setQuality(quality) {
    this.#quality = quality;
    this.update(true);
  }

  /** Looks at every received picture again. */
  update(isByHand = false) {
    const entries = (this.#room?.consumers ?? []).filter(({ consumer }) => consumer.kind === 'video' && !consumer.closed);
    this.#wishes.update(entries.map(({ consumer }) => consumer), isByHand);
    for (const entry of entries) {
      const tile = tileShowing(this.#grid, entry);
      tile?.setOff(this.#qualityOf(tile) === 'off');
    }
  }

  #qualityOf(tile) {
    return tile.quality || this.#quality;
  }

  #wishFor(consumer) {
    const { spatialLayers, temporalLayers, appData } = consumer;
    const entry = this.#room.consumers.find((candidate) => candidate.consumer === consumer);
    const tile = entry && tileShowing(this.#grid, entry);
    if (!tile) return null;
    const stream = { spatialLayers, temporalLayers, width: Number(appData.width), height: Number(appData.height) };
    return chooseLayers(this.#qualityOf(tile), stream, tile.view);
  }
}
