// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// What the browser at hand can send and receive, asked of the browser itself: the offer of a connection that is
// thrown away. Payload types and extension ids in it are the ones that later offers will use.

import { UnsupportedError } from './errors.js';
import { DEPENDENCY_DESCRIPTOR } from './negotiation.js';
import { parseDescription } from './sdp.js';

// Chromium and Firefox are tested. Safari takes the same path, untested: where browsers differ, features are asked for,
// not names.

/** 'chromium', 'firefox', 'safari' or 'unknown', for the few places where they differ. */
export function browserName(userAgent = globalThis.navigator?.userAgent ?? '') {
  if (/Firefox\//.test(userAgent)) return 'firefox';
  if (/Chrom(e|ium)\/|Edg\//.test(userAgent)) return 'chromium';
  if (/AppleWebKit\//.test(userAgent)) return 'safari';
  return 'unknown';
}

/**
 * The sections of an offer that would send, or receive, one audio and one video track; and whether the browser divides
 * streams by scalability modes.
 *
 * The video to send asks for layers, because browsers offer the extensions that describe them to no one else.
 */
export async function probe(direction) {
  if (typeof globalThis.RTCPeerConnection !== 'function') throw new UnsupportedError('this browser has no WebRTC');
  const connection = new RTCPeerConnection();
  try {
    connection.addTransceiver('audio', { direction });
    const hasScalabilityModes = direction === 'sendonly' ? addLayered(connection) : false;
    if (direction !== 'sendonly') allowLayers(connection.addTransceiver('video', { direction }));
    const offer = await connection.createOffer();
    return { sections: parseDescription(offer.sdp).sections, hasScalabilityModes };
  } finally {
    connection.close();
  }
}

/** Lets a transceiver negotiate the extension that describes layers, which browsers leave out where they need not send it. */
export function allowLayers(transceiver) {
  const extensions = transceiver.getHeaderExtensionsToNegotiate?.();
  if (!extensions?.some(({ uri, direction }) => uri === DEPENDENCY_DESCRIPTOR && direction === 'stopped')) return;
  for (const extension of extensions) if (extension.uri === DEPENDENCY_DESCRIPTOR) extension.direction = 'sendrecv';
  transceiver.setHeaderExtensionsToNegotiate(extensions);
}

function addLayered(connection) {
  try {
    const sendEncodings = [{ scalabilityMode: 'L1T3' }];
    const { sender } = connection.addTransceiver('video', { direction: 'sendonly', sendEncodings });
    return sender.getParameters().encodings?.[0]?.scalabilityMode === 'L1T3';
  } catch {
    connection.addTransceiver('video', { direction: 'sendonly' });
    return false;
  }
}
