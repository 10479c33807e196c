// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// What the browser at hand can send and receive, asked of the browser itself: the offer of a connection that is
// thrown away. Payload types and extension ids in it are the ones that later offers will use.

import { UnsupportedError } from './errors.js';
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

/** The sections of an offer that would send, or receive, one audio and one video track. */
export async function probe(direction) {
  if (typeof globalThis.RTCPeerConnection !== 'function') throw new UnsupportedError('this browser has no WebRTC');
  const connection = new RTCPeerConnection();
  try {
    for (const kind of ['audio', 'video']) connection.addTransceiver(kind, { direction });
    const offer = await connection.createOffer();
    return parseDescription(offer.sdp).sections;
  } finally {
    connection.close();
  }
}
