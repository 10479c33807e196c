// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// What the connections say about themselves, once a second, by person; and the panel that shows it.

import { initials, hueOf } from './grid.js';

const HISTORY = 60;

const METRICS = [
  { key: 'bitrate', label: 'Bitrate', unit: 'kbit/s', digits: 0, floor: 100 },
  { key: 'loss', label: 'Loss', unit: '%', digits: 1, floor: 5 },
  { key: 'rtt', label: 'Round trip', unit: 'ms', digits: 0, floor: 50 },
  { key: 'jitter', label: 'Jitter', unit: 'ms', digits: 1, floor: 10 },
  { key: 'frameRate', label: 'Frames', unit: '/s', digits: 0, floor: 30 },
];

/** Reads the statistics of a room and keeps a minute of them. */
export class Meter {
  /** By key ('self' or a peer's id): {name, history: {metric: [numbers]}, facts: [text], streams: [{name, note, isOff}]}. */
  people = new Map();
  #previous = new Map();

  /** One look at all statistics; call it about once a second. */
  async sample(room, selfName) {
    const seen = new Map();
    const entry = (key, name) => {
      if (!seen.has(key)) seen.set(key, { name, bytes: 0, lost: 0, packets: 0, rtt: null, jitter: null, facts: [], streams: [] });
      return seen.get(key);
    };
    entry('self', selfName);
    for (const peer of room.peers.values()) entry(peer.id, peer.displayName);
    const [sent, received] = await Promise.all(
      [room.sendTransport, room.recvTransport].map((transport) => transport?.getStats().catch(() => null)));
    if (sent) {
      this.#readSent(sent, entry('self', selfName));
      for (const producer of room.sending.producers.values()) this.#listEncodings(producer, sent, entry('self', selfName));
    }
    if (received) this.#readReceived(received, room, entry);
    this.#keep(seen);
  }

  #readSent(reports, person) {
    person.rtt = roundTrip(reports);
    for (const report of reports.values()) {
      if (report.type === 'outbound-rtp') {
        person.bytes += this.#rate(report, 'bytesSent') * 8;
        if (report.kind === 'video') this.#readVideo(report, person, 'framesEncoded');
        else person.facts.push(codecName(reports, report));
      } else if (report.type === 'remote-inbound-rtp') {
        const lost = this.#rate(report, 'packetsLost');
        person.lost += Math.max(0, lost);
        const local = reports.get(report.localId);
        if (local) person.packets += this.#rate(local, 'packetsSent', 'remote');
        if (report.roundTripTime !== undefined) person.rtt ??= report.roundTripTime * 1000;
        if (report.jitter !== undefined) person.jitter = Math.max(person.jitter ?? 0, report.jitter * 1000);
      }
    }
  }

  #readReceived(reports, room, entry) {
    const rtt = roundTrip(reports);
    for (const report of reports.values()) {
      if (report.type !== 'inbound-rtp') continue;
      const found = room.findConsumer(report.trackIdentifier) ?? room.consumers.find(({ consumer }) => {
        return consumer.rtpParameters.encodings[0].ssrc === report.ssrc;
      });
      if (!found) continue;
      const person = entry(found.peer.id, found.peer.displayName);
      person.rtt = rtt;
      person.bytes += this.#rate(report, 'bytesReceived') * 8;
      const lost = Math.max(0, this.#rate(report, 'packetsLost'));
      person.lost += lost;
      person.packets += this.#rate(report, 'packetsReceived') + lost;
      if (report.jitter !== undefined) person.jitter = Math.max(person.jitter ?? 0, report.jitter * 1000);
      if (report.kind === 'video') {
        this.#readVideo(report, person, 'framesDecoded');
        const frames = this.#rate(report, 'framesDecoded');
        const name = [codecName(reports, report), sizeOf(report)].filter(Boolean).join(' ');
        person.streams.push({ name, note: describeLayers(found.consumer, frames), isOff: found.consumer.appData.isPausedHere === true });
      } else {
        person.facts.push(codecName(reports, report));
      }
    }
  }

  #readVideo(report, person, counter) {
    person.frameRate = Math.max(person.frameRate ?? 0, this.#rate(report, counter));
  }

  /** The encodings of a producer of video, and which of them nobody watches. */
  #listEncodings(producer, reports, person) {
    if (producer.kind !== 'video' || producer.closed || !producer.track) return;
    const encodings = producer.rtpSender.getParameters().encodings ?? [];
    const own = [...reports.values()].filter((report) => report.type === 'outbound-rtp' && report.mid === producer.rtpParameters.mid);
    const codec = producer.rtpParameters.codecs[0].mimeType.replace(/^.*\//, '');
    encodings.forEach((encoding, index) => {
      const report = encodings.length > 1 ? own.find(({ rid }) => rid === encoding.rid) : own[0];
      const place = encodings.length > 1 ? `size ${index + 1} of ${encodings.length}` : encoding.scalabilityMode ?? '';
      if (encoding.active === false) {
        const why = producer.demand?.encodings[index] === false ? 'off: nobody watches it' : 'off';
        person.streams.push({ name: `${codec} ${place}`, note: why, isOff: true });
        return;
      }
      const rates = report ? [`${this.#rate(report, 'framesEncoded').toFixed(0)}/s`, kilobits(this.#rate(report, 'bytesSent'))] : [];
      const name = [codec, report && sizeOf(report)].filter(Boolean).join(' ');
      person.streams.push({ name, note: [place, ...rates].filter(Boolean).join(' · '), isOff: false });
    });
  }

  /** The growth of a counter per second since the last look. */
  #rate(report, key, variant = '') {
    const value = report[key];
    if (value === undefined) return 0;
    const name = `${report.id}/${key}/${variant}`;
    const last = this.#previous.get(name);
    this.#previous.set(name, { value, time: report.timestamp });
    if (!last) return 0;
    const seconds = (report.timestamp - last.time) / 1000;
    // The browser may hand out the same reading twice.
    if (seconds <= 0) {
      this.#previous.set(name, last);
      return last.rate ?? 0;
    }
    const rate = Math.max(0, value - last.value) / seconds;
    this.#previous.get(name).rate = rate;
    return rate;
  }

  #keep(seen) {
    for (const key of this.people.keys()) if (!seen.has(key)) this.people.delete(key);
    if (this.#previous.size > 4000) this.#previous.clear();
    for (const [key, now] of seen) {
      const person = this.people.get(key) ?? { history: {} };
      this.people.set(key, person);
      person.name = now.name;
      person.facts = [...new Set(now.facts.filter(Boolean))];
      person.streams = now.streams;
      const values = {
        bitrate: now.bytes / 1000,
        loss: now.packets > 0 ? Math.min(100, (100 * now.lost) / now.packets) : null,
        rtt: now.rtt,
        jitter: now.jitter,
        frameRate: now.frameRate ?? null,
      };
      for (const { key: metric } of METRICS) {
        const list = (person.history[metric] ??= []);
        list.push(values[metric]);
        if (list.length > HISTORY) list.shift();
      }
    }
  }
}

function roundTrip(reports) {
  for (const report of reports.values()) {
    if (report.type !== 'candidate-pair' || report.currentRoundTripTime === undefined) continue;
    if (report.selected || (report.nominated && report.state === 'succeeded')) return report.currentRoundTripTime * 1000;
  }
  return null;
}

const sizeOf = ({ frameWidth, frameHeight }) => (frameWidth ? `${frameWidth}×${frameHeight}` : '');
const kilobits = (bytesPerSecond) => `${((bytesPerSecond * 8) / 1000).toFixed(0)} kbit/s`;

/** Which of the layers there are come now, and how many frames. */
function describeLayers({ spatialLayers, temporalLayers, currentLayers, hasLayers, appData }, frames) {
  if (appData.isPausedHere) return 'paused: not on show';
  if (currentLayers === null) return 'waiting for a layer';
  const parts = [];
  if (hasLayers && currentLayers) {
    parts.push(`size ${currentLayers.spatialLayer + 1} of ${spatialLayers}`);
    if (temporalLayers > 1) parts.push(`rate ${(currentLayers.temporalLayer ?? temporalLayers - 1) + 1} of ${temporalLayers}`);
  }
  return [...parts, `${frames.toFixed(0)}/s`].join(' · ');
}

function codecName(reports, report) {
  return reports.get(report.codecId)?.mimeType?.replace(/^.*\//, '') ?? '';
}

/** The panel: a card per person, with a small chart for each number. */
export class DetailsPanel {
  #root;
  #cards = new Map();

  constructor(root) {
    this.#root = root;
  }

  show(people) {
    for (const [key, card] of this.#cards) {
      if (people.has(key)) continue;
      card.element.remove();
      this.#cards.delete(key);
    }
    for (const [key, person] of people) {
      let card = this.#cards.get(key);
      if (!card) {
        card = makeCard();
        this.#cards.set(key, card);
        this.#root.append(card.element);
      }
      fillCard(card, person, key === 'self');
    }
  }

  clear() {
    this.show(new Map());
  }
}

function makeCard() {
  const element = document.createElement('section');
  element.className = 'details-person';
  element.innerHTML = `
    <header><span class="dot" aria-hidden="true"></span><h3></h3></header>
    <p class="facts"></p>
    <ul class="streams"></ul>
    <dl>${METRICS.map(({ key, label }) => `
      <div class="metric" data-metric="${key}">
        <dt>${label}</dt><dd></dd>
        <svg viewBox="0 0 120 32" preserveAspectRatio="none" aria-hidden="true">
          <path class="area"/><path class="line" vector-effect="non-scaling-stroke"/>
        </svg>
      </div>`).join('')}
    </dl>`;
  const metrics = METRICS.map((metric) => {
    const box = element.querySelector(`[data-metric="${metric.key}"]`);
    const [area, line] = box.querySelectorAll('path');
    return { ...metric, box, value: box.querySelector('dd'), area, line };
  });
  return { element, metrics };
}

function fillCard({ element, metrics }, person, isSelf) {
  element.dataset.name = person.name;
  element.style.setProperty('--hue', String(hueOf(person.name)));
  element.querySelector('.dot').textContent = initials(person.name);
  element.querySelector('h3').textContent = isSelf ? `${person.name} (you, sending)` : person.name;
  const { facts, streams } = person;
  element.querySelector('.facts').textContent = facts.join(' · ') || (streams.length > 0 ? 'no sound' : 'no media');
  element.querySelector('.streams').replaceChildren(...streams.map(streamLine));
  for (const { key, unit, digits, floor, box, value, area, line } of metrics) {
    const list = person.history[key] ?? [];
    const last = list.at(-1);
    value.textContent = last === null || last === undefined ? '–' : `${last.toFixed(digits)} ${unit}`;
    box.classList.toggle('empty', list.every((number) => number === null));
    const outline = path(list, floor);
    line.setAttribute('d', outline.line);
    area.setAttribute('d', outline.area);
  }
}

function streamLine({ name, note, isOff }) {
  const line = document.createElement('li');
  line.toggleAttribute('data-off', isOff);
  for (const text of [name, note]) line.append(Object.assign(document.createElement('span'), { textContent: text }));
  return line;
}

/** A minute of numbers as a line and the area below it, newest at the right. */
function path(list, floor) {
  const highest = Math.max(floor, ...list.map((number) => number ?? 0)) * 1.1;
  const points = list.flatMap((number, index) => {
    if (number === null) return [];
    const x = 120 - ((list.length - 1 - index) * 120) / (HISTORY - 1);
    const y = 31 - (30 * number) / highest;
    return [`${x.toFixed(1)} ${y.toFixed(1)}`];
  });
  if (points.length < 2) return { line: '', area: '' };
  const line = `M${points.join('L')}`;
  const [first, last] = [points[0], points.at(-1)].map((point) => point.split(' ')[0]);
  return { line, area: `${line}L${last} 32L${first} 32Z` };
}
