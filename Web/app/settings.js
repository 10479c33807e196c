// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// How pictures and sound are sent, and how good pictures are received: what the dialog says, and what it remembers.

import { hasSpatialLayers } from '../client/index.js';
import { memory } from './page.js';
import { QUALITIES } from './quality.js';

const CODECS = ['VP8', 'VP9', 'H264', 'AV1', 'H265'];
const LAYERS = { simulcast: 'Several sizes (simulcast)', svc: 'Several sizes in one stream (SVC)', single: 'One size' };

const $ = (selector) => document.querySelector(selector);

/**
 * Fills the dialog. `parameters` of the page's address win over what is remembered; `onQuality` (quality) and `onSending`
 * ({codec, layers, red}) hear of changes, and of the quality at once.
 */
export function setUpSettings(parameters, { onQuality, onSending }) {
  const remembered = memory.get('settings') ?? {};
  const given = (name) => parameters.get(name) ?? undefined;
  const sending = {
    codec: (given('codec') ?? remembered.codec)?.toUpperCase() || undefined,
    layers: pick(LAYERS, given('layers') ?? remembered.layers, 'simulcast'),
    count: Number(given('sizes')) || undefined,
    maxBitrate: Number(given('maxBitrate')) || undefined,
    red: given('red') === undefined ? remembered.red : given('red') === '1',
  };
  const quality = pick(QUALITIES, given('quality') ?? remembered.quality, 'auto');
  const [codec, layers, red, received] = ['#send-codec', '#send-layers', '#send-red', '#quality'].map($);

  const names = new Set((RTCRtpSender.getCapabilities?.('video')?.codecs ?? []).map(({ mimeType }) => mimeType.slice(6).toUpperCase()));
  codec.append(new Option('Automatic', ''), ...CODECS.filter((name) => names.has(name)).map((name) => new Option(name, name)));
  layers.append(...Object.entries(LAYERS).map(([value, text]) => new Option(text, value)));
  received.append(...Object.entries(QUALITIES).map(([value, text]) => new Option(text, value)));
  const sounds = RTCRtpSender.getCapabilities?.('audio')?.codecs ?? [];
  red.closest('label').hidden = !sounds.some(({ mimeType }) => /\/red$/i.test(mimeType));

  const show = () => {
    codec.value = names.has(sending.codec) ? sending.codec : '';
    const canLayer = hasSpatialLayers(sending.codec);
    layers.querySelector('[value="svc"]').disabled = !canLayer;
    layers.value = sending.layers === 'svc' && !canLayer ? 'simulcast' : sending.layers;
    red.checked = sending.red === true;
    $('#send-hint').hidden = canLayer;
  };
  const changed = ({ target }) => {
    sending.codec = codec.value || undefined;
    sending.layers = layers.value;
    // Until somebody decides, the browser does.
    if (target === red) sending.red = red.checked;
    // What the address asked for gives way to what is chosen by hand.
    [sending.count, sending.maxBitrate] = [];
    show();
    memory.set('settings', { ...memory.get('settings'), codec: sending.codec, layers: sending.layers, red: sending.red });
    onSending({ ...sending });
  };
  for (const element of [codec, layers, red]) element.addEventListener('change', changed);
  received.addEventListener('change', () => {
    memory.set('settings', { ...memory.get('settings'), quality: received.value });
    onQuality(received.value);
  });
  show();
  received.value = quality;
  onQuality(quality);
  return { sending };
}

const pick = (table, value, otherwise) => (Object.hasOwn(table, value ?? '') ? value : otherwise);
