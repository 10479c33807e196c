// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// The grid of people: one tile each, one more for each shared screen, laid out to fill the space there is.

import { EventEmitter } from '../client/index.js';
import { QUALITIES } from './quality.js';

const GAP = 12;
const NARROW_GAP = 6;
/** Tiles are never slimmer or wider than this. */
const SLIMMEST = 3 / 4;
const WIDEST = 16 / 9;

/** The tiles of a meeting. Emits `viewchange` (isByHand) when sizes, what can be seen, or a viewer's choice has changed. */
export class Grid extends EventEmitter {
  #root;
  #tiles = new Map();
  #sink = '';
  /** Tells which tiles can be seen; whatever lays them out, this stays true. */
  #watcher;

  constructor(root) {
    super();
    this.#root = root;
    new ResizeObserver(() => this.layout()).observe(root);
    // Zooming changes how many pixels a tile has.
    window.addEventListener('resize', () => this.emit('viewchange'));
    document.addEventListener('visibilitychange', () => this.emit('viewchange'));
    this.#watcher = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const tile = this.tiles.find(({ element }) => element === target);
        if (tile) tile.isOnScreen = isIntersecting;
      }
      this.emit('viewchange');
    });
  }

  get tiles() {
    return [...this.#tiles.values()];
  }

  /** The tile of a key, made where there is none yet. */
  ensure(key, { peerId, name, isSelf = false, isScreen = false }) {
    let tile = this.#tiles.get(key);
    if (!tile) {
      tile = new Tile({ peerId, isSelf, isScreen, sink: this.#sink });
      this.#tiles.set(key, tile);
      tile.onQuality = () => this.emit('viewchange', true);
      this.#root.append(tile.element);
      this.#watcher.observe(tile.element);
      this.layout();
    }
    tile.setName(name);
    return tile;
  }

  get(key) {
    return this.#tiles.get(key);
  }

  remove(key) {
    const tile = this.#tiles.get(key);
    if (!tile) return;
    this.#tiles.delete(key);
    this.#watcher.unobserve(tile.element);
    tile.remove();
    this.layout();
  }

  clear() {
    for (const key of [...this.#tiles.keys()]) this.remove(key);
  }

  get count() {
    return this.#tiles.size;
  }

  /** Plays everybody through this loudspeaker. */
  setSink(deviceId) {
    this.#sink = deviceId;
    for (const tile of this.#tiles.values()) tile.setSink(deviceId);
  }

  unmuteAll() {
    for (const tile of this.#tiles.values()) tile.unmute();
  }

  layout() {
    const { clientWidth: width, clientHeight: height } = this.#root;
    if (width === 0 || height === 0) return;
    const tiles = [...this.#tiles.values()];
    const screens = tiles.filter((tile) => tile.isScreen);
    // People first, oneself last, so that others keep their places.
    const people = tiles.filter((tile) => !tile.isScreen).sort((a, b) => Number(a.isSelf) - Number(b.isSelf));
    const gap = width < 600 ? NARROW_GAP : GAP;
    const area = { x: 0, y: 0, width, height };
    this.#root.classList.toggle('has-screen', screens.length > 0);
    if (screens.length === 0) {
      place(people, area, gap);
    } else {
      const [stage, strip] = split(area, gap);
      place(screens, stage, gap, true);
      placeStrip(people, strip, gap);
    }
    this.emit('viewchange');
  }
}

/** A large part for screens, and a strip for people beside or below it. */
function split({ width, height }, gap) {
  if (width > height * 1.1) {
    const side = Math.min(260, Math.max(140, width * 0.22));
    const stage = { x: 0, y: 0, width: width - side - gap, height };
    return [stage, { x: width - side, y: 0, width: side, height }];
  }
  const side = Math.min(180, Math.max(96, height * 0.22));
  const stage = { x: 0, y: 0, width, height: height - side - gap };
  return [stage, { x: 0, y: height - side, width, height: side }];
}

/** Fills an area with equal tiles, as large as they can be. */
function place(tiles, area, gap, isFree = false) {
  const best = bestGrid(tiles.length, area, gap, isFree);
  if (!best) return;
  const { columns, rows, width, height } = best;
  const top = area.y + (area.height - rows * height - (rows - 1) * gap) / 2;
  tiles.forEach((tile, index) => {
    const row = Math.floor(index / columns);
    const inRow = Math.min(columns, tiles.length - row * columns);
    const left = area.x + (area.width - inRow * width - (inRow - 1) * gap) / 2;
    const column = index - row * columns;
    tile.place(left + column * (width + gap), top + row * (height + gap), width, height);
  });
}

function bestGrid(count, area, gap, isFree) {
  let best = null;
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    let width = (area.width - (columns - 1) * gap) / columns;
    let height = (area.height - (rows - 1) * gap) / rows;
    if (!isFree) {
      if (width / height > WIDEST) width = height * WIDEST;
      if (width / height < SLIMMEST) height = width / SLIMMEST;
    }
    // Height beyond a square shows little more of a wide picture.
    const shown = width * Math.min(height, width * 1.1);
    if (width > 0 && height > 0 && shown > (best?.shown ?? 0)) best = { columns, rows, width, height, shown };
  }
  return best;
}

function placeStrip(tiles, area, gap) {
  const isColumn = area.height > area.width;
  const count = tiles.length;
  const across = isColumn ? area.width : area.height;
  const along = isColumn ? area.height : area.width;
  const natural = isColumn ? across / WIDEST : across * 1.2;
  const size = Math.min(natural, (along - (count - 1) * gap) / count);
  const start = (along - count * size - (count - 1) * gap) / 2;
  tiles.forEach((tile, index) => {
    const offset = start + index * (size + gap);
    if (isColumn) tile.place(area.x, area.y + offset, across, size);
    else tile.place(area.x + offset, area.y, size, across);
  });
}

class Tile {
  #video;
  #stream = new MediaStream();
  #plate;
  #avatar;
  #size = { width: 0, height: 0 };
  #choice;
  isOnScreen = true;
  /** Called when the viewer chooses a quality for this tile. */
  onQuality = () => {};

  constructor({ peerId, isSelf, isScreen, sink }) {
    [this.isSelf, this.isScreen] = [isSelf, isScreen];
    const element = document.createElement('article');
    element.className = `tile${isSelf ? ' self' : ''}${isScreen ? ' screen' : ''}`;
    element.dataset.peerId = peerId;
    if (isScreen) element.dataset.screen = '1';
    element.dataset.mic = 'off';
    element.dataset.camera = isScreen ? 'on' : 'off';
    element.innerHTML = `
      <video autoplay playsinline></video>
      <div class="avatar" aria-hidden="true"><span></span></div>
      <div class="plate">
        <svg class="icon badge-mic" role="img" aria-label="Microphone off"><use href="#i-mic-off"/></svg>
        <svg class="icon badge-screen" aria-hidden="true"><use href="#i-screen"/></svg>
        <span class="meter" aria-hidden="true"><i></i><i></i><i></i></span>
        <span class="plate-name"></span>
        <span class="badge-voice" role="img" aria-label="Speaking" hidden><svg class="icon"><use href="#i-voice"/></svg></span>
      </div>`;
    if (!isSelf) element.append(this.#makeMenu());
    this.element = element;
    this.#video = element.querySelector('video');
    this.#plate = element.querySelector('.plate-name');
    this.#avatar = element.querySelector('.avatar span');
    this.#video.muted = isSelf;
    this.#video.srcObject = this.#stream;
    if (sink) this.setSink(sink);
  }

  setName(name) {
    const { dataset } = this.element;
    if (dataset.name === name) return;
    dataset.name = name;
    const label = this.isSelf ? `${name} (you)` : name;
    this.#plate.textContent = this.isScreen ? `${label}: screen` : label;
    this.element.setAttribute('aria-label', this.#plate.textContent);
    this.#avatar.textContent = initials(name);
    this.#choice?.setAttribute('aria-label', `Quality of ${this.#plate.textContent}`);
    this.element.style.setProperty('--hue', String(hueOf(name)));
  }

  /** Shows one track of a kind; null takes it away. */
  setTrack(kind, track) {
    const present = this.#stream.getTracks().filter((candidate) => candidate.kind === kind);
    for (const old of present) if (old !== track) this.#stream.removeTrack(old);
    if (!track || present.includes(track)) return;
    this.#stream.addTrack(track);
    this.play();
  }

  /** What of the tile a picture could fill, in device pixels. */
  get view() {
    const scale = window.devicePixelRatio || 1;
    const isVisible = this.isOnScreen && document.visibilityState !== 'hidden';
    return { width: this.#size.width * scale, height: this.#size.height * scale, isVisible, isWhole: this.isScreen };
  }

  /** The viewer's choice for this tile; '' for what holds for everybody. */
  get quality() {
    return this.#choice?.value ?? '';
  }

  /** Shows how loud the voice is, from 0 to 1, and whether it has the word. */
  setVoice(level, isSpeaker) {
    const { dataset, style, classList } = this.element;
    const steps = String(Math.round(level * 10));
    if (dataset.level !== steps) {
      dataset.level = steps;
      style.setProperty('--level', level.toFixed(2));
    }
    classList.toggle('speaking', isSpeaker);
    this.element.querySelector('.badge-voice').hidden = !isSpeaker;
  }

  /** Whether the viewer does without this picture. */
  setOff(isOff) {
    this.element.dataset.picture = isOff ? 'off' : 'on';
  }

  #makeMenu() {
    const label = document.createElement('label');
    label.className = 'quality';
    label.innerHTML = '<svg class="icon" aria-hidden="true"><use href="#i-quality"/></svg><select></select>';
    this.#choice = label.querySelector('select');
    this.#choice.append(new Option('As for everybody', ''));
    for (const [value, text] of Object.entries(QUALITIES)) this.#choice.append(new Option(text, value));
    this.#choice.addEventListener('change', () => {
      label.dataset.chosen = this.#choice.value;
      this.onQuality();
    });
    return label;
  }

  setState({ mic, camera }) {
    const { dataset } = this.element;
    if (mic !== undefined) dataset.mic = mic ? 'on' : 'off';
    if (camera !== undefined) dataset.camera = camera ? 'on' : 'off';
  }

  /** Without a gesture of the user, browsers may refuse to play sound: then the picture goes on alone. */
  async play() {
    try {
      await this.#video.play();
    } catch (error) {
      if (error.name !== 'NotAllowedError' || this.isSelf) return;
      this.#video.muted = true;
      this.#video.play().catch(() => {});
      this.element.dispatchEvent(new CustomEvent('soundblocked', { bubbles: true }));
    }
  }

  unmute() {
    if (this.isSelf || !this.#video.muted) return;
    this.#video.muted = false;
    this.play();
  }

  setSink(deviceId) {
    if (!this.isSelf) this.#video.setSinkId?.(deviceId).catch((error) => console.warn('no such loudspeaker', error));
  }

  place(x, y, width, height) {
    this.#size = { width, height };
    Object.assign(this.element.style, {
      transform: `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`,
      width: `${width.toFixed(1)}px`,
      height: `${height.toFixed(1)}px`,
    });
    this.element.classList.toggle('small', width < 220);
  }

  remove() {
    this.#video.srcObject = null;
    this.element.remove();
  }
}

export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words;
  return letters.map((word) => [...word][0].toUpperCase()).join('') || '?';
}

/** A colour for a name, the same for everybody. */
export function hueOf(name) {
  let hash = 7;
  for (const character of name) hash = (hash * 31 + character.codePointAt(0)) % 100_003;
  return (hash * 47) % 360;
}
