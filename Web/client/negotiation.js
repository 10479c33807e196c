// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// Capability negotiation on the browser's side: which of its codecs and header extensions the router knows too. Pure
// functions; payload types and extension ids are always the browser's own.

const lower = (text) => text.toLowerCase();
const isRtx = (codec) => lower(codec.mimeType).endsWith('/rtx');
const isRed = (codec) => lower(codec.mimeType) === 'audio/red';

/** Whether two codec entries mean the same stream format; payload types play no part. */
export function matches(a, b) {
  const name = lower(a.mimeType);
  if (name !== lower(b.mimeType) || a.clockRate !== b.clockRate) return false;
  if (name.startsWith('audio/') && (a.channels ?? 1) !== (b.channels ?? 1)) return false;
  const agree = (key, absent) => {
    const [left, right] = [a, b].map((codec) => String(codec.parameters?.[key] ?? absent));
    return left === right;
  };
  switch (name) {
    case 'video/h264':
      return agree('packetization-mode', 0) && h264Profile(a) !== null && h264Profile(a) === h264Profile(b);
    case 'video/vp9':
      return agree('profile-id', 0);
    case 'video/av1':
      return agree('profile', 0);
    case 'video/h265':
      return agree('profile-id', 1) && agree('tier-flag', 0);
    case 'audio/multiopus':
      return agree('num_streams') && agree('coupled_streams');
    default:
      return true;
  }
}

// RFC 6184 §8.1, table 5: profile_idc, mask and value of profile_iop, name of the profile.
const H264_PROFILES = [
  [0x42, 0x4f, 0x40, 'constrained-baseline'],
  [0x4d, 0x8f, 0x80, 'constrained-baseline'],
  [0x58, 0xcf, 0xc0, 'constrained-baseline'],
  [0x42, 0x4f, 0x00, 'baseline'],
  [0x58, 0xcf, 0x80, 'baseline'],
  [0x4d, 0xaf, 0x00, 'main'],
  [0x64, 0xff, 0x00, 'high'],
  [0x64, 0xff, 0x0c, 'constrained-high'],
  [0xf4, 0xff, 0x00, 'high-444'],
];

/** The profile that `profile-level-id` names, or null; browsers mean constrained baseline where it is absent. */
export function h264Profile(codec) {
  const text = String(codec.parameters?.['profile-level-id'] ?? '42e01f');
  if (!/^[0-9a-f]{6}$/i.test(text)) return null;
  const [idc, flags] = [0, 2].map((start) => Number.parseInt(text.slice(start, start + 2), 16));
  return H264_PROFILES.find(([id, mask, value]) => id === idc && (flags & mask) === value)?.[3] ?? null;
}

/**
 * Describes layers outside the payload.
 *
 * Senders of VP8 go without it: beside it, Chromium leaves picture ids and layers out of VP8's own descriptor, and viewers
 * would no more know which frames they can do without when one is lost. Viewers of several AV1 layers in one stream need
 * it: without it, Chromium cannot put them together.
 */
export const DEPENDENCY_DESCRIPTOR = 'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension';

const sameFeedback = (a, b) => a.type === b.type && (a.parameter ?? '') === (b.parameter ?? '');

/**
 * What browser and router have in common, in the browser's order.
 *
 * `local` is a list of sections of the browser's own offer (see sdp.js), `direction` the browser's: 'send' or 'recv'.
 * Every entry of the browser that some entry of the router matches stays, with its RTX where both have one.
 */
export function intersectCapabilities(local, router, direction) {
  const codecs = [];
  const headerExtensions = [];
  for (const section of local) {
    const { kind } = section;
    const routerCodecs = router.codecs.filter((codec) => lower(codec.mimeType).startsWith(`${kind}/`));
    for (const codec of section.codecs) {
      const other = isRtx(codec) ? undefined : routerCodecs.find((entry) => matches(codec, entry));
      if (!other) continue;
      codecs.push(capability(kind, codec, other));
      const rtx = section.codecs.find((entry) => isRtx(entry) && entry.parameters.apt === codec.payloadType);
      const hasRtx = (entry) => isRtx(entry) && entry.parameters?.apt === other.preferredPayloadType;
      if (rtx && routerCodecs.some(hasRtx)) codecs.push(capability(kind, rtx, { rtcpFeedback: [] }));
    }
    for (const { id, uri, direction: own } of section.headerExtensions) {
      const other = router.headerExtensions?.find((entry) => entry.uri === uri && entry.kind === kind);
      // A router that can read it can pass it on, though it does so to those alone who cannot do without.
      const isPassed = direction === 'recv' && uri === DEPENDENCY_DESCRIPTOR;
      if (!other || !canUse(direction, own, isPassed ? 'sendrecv' : other.direction ?? 'sendrecv')) continue;
      if (headerExtensions.some((entry) => entry.kind === kind && entry.uri === uri)) continue;
      const usable = direction === 'send' ? 'sendonly' : 'recvonly';
      headerExtensions.push({ kind, uri, preferredId: id, preferredEncrypt: false, direction: usable });
    }
  }
  return { codecs, headerExtensions };
}

function capability(kind, codec, other) {
  const entry = {
    kind,
    mimeType: codec.mimeType,
    preferredPayloadType: codec.payloadType,
    clockRate: codec.clockRate,
    parameters: { ...codec.parameters },
    rtcpFeedback: codec.rtcpFeedback.filter((own) => other.rtcpFeedback?.some((its) => sameFeedback(own, its))),
  };
  if (kind === 'audio') entry.channels = codec.channels ?? 1;
  return entry;
}

// Whether an extension can travel: the sender's side must be able to send it, the receiver's to receive it.
function canUse(direction, own, router) {
  const sends = (value) => value === 'sendrecv' || value === 'sendonly';
  const receives = (value) => value === 'sendrecv' || value === 'recvonly';
  return direction === 'send' ? sends(own) && receives(router) : receives(own) && sends(router);
}

/**
 * The parameters to send one track with, from the browser's own offer: the first codec in common, or the one asked
 * for, with its RTX.
 *
 * `red` is whether sound goes out with redundancy (RFC 2198): every packet repeats the one before it. Without a choice
 * that is so where the browser's offer prefers it.
 *
 * Returns null when there is none in common.
 */
export function sendingParameters(section, router, wanted, { red } = {}) {
  const common = intersectCapabilities([section], router, 'send');
  const media = common.codecs.filter((codec) => !isRtx(codec) && !isFeature(codec));
  const chosen = wanted
    ? media.find((codec) => matches(codec, wanted)) ?? media.find((codec) => looselyMatches(codec, wanted))
    : media[0];
  if (!chosen) return null;
  const rtx = common.codecs.find((codec) => isRtx(codec) && codec.parameters.apt === chosen.preferredPayloadType);
  const headerExtensions = common.headerExtensions
    .filter(({ uri }) => !(uri === DEPENDENCY_DESCRIPTOR && lower(chosen.mimeType) === 'video/vp8'))
    .map(({ uri, preferredId }) => ({ uri, id: preferredId, encrypt: false, parameters: {} }));
  const redundant = redundancyFor(chosen, common.codecs);
  const isRedundant = redundant && (red ?? common.codecs.indexOf(redundant) < common.codecs.indexOf(chosen));
  const codecs = [chosen, ...(rtx ? [rtx] : []), ...(isRedundant ? [redundant] : [])].map((codec) => {
    const { preferredPayloadType: payloadType, kind, ...rest } = codec;
    return { ...rest, payloadType, parameters: { ...rest.parameters } };
  });
  pruneFeedback(codecs, headerExtensions);
  return { mid: section.mid, codecs, headerExtensions, encodings: [], rtcp: { cname: cnameOf(section), reducedSize: true } };
}

// The redundant form of a codec: its format parameters list the payload types of its blocks, as in "111/111".
function redundancyFor(chosen, codecs) {
  return codecs.find((codec) => isRed(codec) && Object.keys(codec.parameters).some((key) => {
    return key.split('/').every((type) => Number(type) === chosen.preferredPayloadType);
  }));
}

// Codecs that accompany another one and cannot be sent alone.
function isFeature(codec) {
  return /\/(rtx|red|ulpfec|flexfec-03|telephone-event|cn)$/i.test(codec.mimeType);
}

const looselyMatches = (codec, wanted) =>
  lower(codec.mimeType) === lower(wanted.mimeType) &&
  Object.entries(wanted.parameters ?? {}).every(([key, value]) => String(codec.parameters[key]) === String(value));

// Only one way of estimating bandwidth: transport-wide feedback needs its extension, REMB is the older way.
function pruneFeedback(codecs, extensions) {
  const has = (part) => extensions.some(({ uri }) => uri.includes(part));
  const dropped = has('transport-wide-cc') ? ['goog-remb'] : has('abs-send-time') ? ['transport-cc'] : ['goog-remb', 'transport-cc'];
  for (const codec of codecs) codec.rtcpFeedback = codec.rtcpFeedback.filter(({ type }) => !dropped.includes(type));
}

function cnameOf(section) {
  for (const source of section.sources.values()) if (source.cname) return source.cname;
  return undefined;
}

/** The streams of a section that sends: by rid where it names several, else by SSRC with its RTX. */
export function sendingEncodings(section, encodings) {
  const rids = section.rids.filter((rid) => rid.direction === 'send');
  if (rids.length > 0) return rids.map(({ id }) => pick(encodings?.find((entry) => entry.rid === id), { rid: id }));
  const groups = section.sourceGroups.filter((group) => group.semantics === 'FID');
  const repairs = new Set(groups.map((group) => group.ssrcs[1]));
  const ssrc = [...section.sources.keys()].find((source) => !repairs.has(source));
  if (ssrc === undefined) return [pick(encodings?.[0], {})];
  const group = groups.find((entry) => entry.ssrcs[0] === ssrc);
  return [pick(encodings?.[0], group ? { ssrc, rtx: { ssrc: group.ssrcs[1] } } : { ssrc })];
}

function pick(asked = {}, base) {
  for (const key of ['scalabilityMode', 'maxBitrate', 'maxFramerate', 'dtx']) {
    if (asked[key] !== undefined) base[key] = asked[key];
  }
  return base;
}

/**
 * Codec options of `produce`, as the two sides write them: what the server is told is sent, and what the answer in the
 * server's name asks the browser for.
 */
export function applyCodecOptions(codec, options = {}) {
  const sent = { ...codec, parameters: { ...codec.parameters } };
  const answer = { ...codec, parameters: { ...codec.parameters } };
  const set = (target, key, value) => {
    if (value === undefined) return;
    target.parameters[key] = typeof value === 'boolean' ? Number(value) : value;
  };
  const name = lower(codec.mimeType);
  if (name === 'audio/opus') {
    set(sent, 'sprop-stereo', options.opusStereo);
    set(answer, 'stereo', options.opusStereo);
    for (const target of [sent, answer]) {
      set(target, 'useinbandfec', options.opusFec);
      set(target, 'usedtx', options.opusDtx);
      set(target, 'maxplaybackrate', options.opusMaxPlaybackRate);
    }
    set(answer, 'maxaveragebitrate', options.opusMaxAverageBitrate);
    if (!options.opusNack) {
      for (const target of [sent, answer]) {
        target.rtcpFeedback = target.rtcpFeedback.filter(({ type, parameter }) => type !== 'nack' || parameter);
      }
    }
  } else if (name.startsWith('video/') && !isRtx(codec)) {
    set(answer, 'x-google-start-bitrate', options.videoGoogleStartBitrate);
    set(answer, 'x-google-max-bitrate', options.videoGoogleMaxBitrate);
    set(answer, 'x-google-min-bitrate', options.videoGoogleMinBitrate);
  }
  return { sent, answer };
}

/**
 * A consumer's codecs as the offer in the server's name lists them.
 *
 * The sections of a BUNDLE group must mean the same by a payload type, parameters included. Parameters that the
 * senders chose differ, so where the payload type is one of ours, our own parameters stand.
 */
export function receivingCodecs(parameters, capabilities) {
  return parameters.codecs.map((codec) => {
    const own = capabilities.codecs.find((entry) => entry.preferredPayloadType === codec.payloadType && matches(entry, codec));
    return own ? { ...codec, parameters: { ...own.parameters } } : codec;
  });
}

/** The codecs of an answer, in the order of preference: what is redundant before what it repeats. */
export function answeringCodecs(codecs) {
  return [...codecs.filter(isRed), ...codecs.filter((codec) => !isRed(codec))];
}

/** Throws a TypeError unless the value has the shape of router capabilities. */
export function checkCapabilities(capabilities) {
  if (capabilities === null || typeof capabilities !== 'object') throw new TypeError('rtpCapabilities is not an object');
  if (!Array.isArray(capabilities.codecs)) throw new TypeError('rtpCapabilities.codecs is not an array');
  if (capabilities.headerExtensions !== undefined && !Array.isArray(capabilities.headerExtensions)) {
    throw new TypeError('rtpCapabilities.headerExtensions is not an array');
  }
  for (const codec of capabilities.codecs) {
    if (!/^(audio|video)\/.+/i.test(codec?.mimeType ?? '')) throw new TypeError('invalid codec.mimeType');
    if (!Number.isInteger(codec.clockRate)) throw new TypeError('missing codec.clockRate');
  }
}
