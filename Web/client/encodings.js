// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// Which streams a picture is sent in, where the application does not say: so many sizes that a viewer with a small tile
// or a slow line gets something that fits. Pure functions.

/** What a picture of 1280×720 may take with VP8 or H264, in bits a second. */
const FULL_BITRATE = 1_500_000;
const FULL_AREA = 1280 * 720;
/** Twice the pixels do not take twice the bits. */
const AREA_EXPONENT = 0.75;
/** What newer codecs need of that. */
const EFFICIENCY = { vp9: 0.8, av1: 0.7, h265: 0.75 };
/**
 * Below these sizes Chromium drops layers whatever it is asked for, and drops the largest ones: so fewer are asked for.
 * A little less than the nominal area counts as it.
 */
const THREE_LAYERS = 0.97 * 960 * 540;
const TWO_LAYERS = 0.97 * 480 * 270;
/** Most sizes of one picture. */
const MOST_LAYERS = 4;

const nameOf = (codec) => String(codec ?? '').toLowerCase().replace(/^video\//, '');

/** Bits a second that a picture may take at most. */
export function suggestBitrate(width, height, codec) {
  const scale = ((width * height) / FULL_AREA) ** AREA_EXPONENT;
  return Math.round((FULL_BITRATE * scale * (EFFICIENCY[nameOf(codec)] ?? 1)) / 1000) * 1000;
}

/** How many sizes of a picture are worth sending. */
export function suggestLayers(width, height) {
  const area = width * height;
  if (area >= THREE_LAYERS) return 3;
  return area >= TWO_LAYERS ? 2 : 1;
}

/** Whether a codec can send several sizes in one stream. */
export const hasSpatialLayers = (codec) => ['vp9', 'av1'].includes(nameOf(codec));

/**
 * Encodings for one picture, the smallest first.
 *
 * `layers` is 'simulcast' (a stream for each size), 'svc' (one stream with all sizes in it; VP9 and AV1 in browsers that
 * know scalability modes, simulcast elsewhere) or 'single'. `count` overrides how many sizes there are, and
 * `hasScalabilityModes` says whether the browser can divide a stream by frame rate, too.
 */
export function suggestEncodings({ width, height, codec, layers = 'simulcast', count, hasScalabilityModes = true } = {}) {
  const [w, h] = width > 0 && height > 0 ? [width, height] : [1280, 720];
  const sizes = Math.min(MOST_LAYERS, Math.max(1, count ?? suggestLayers(w, h)));
  const whole = suggestBitrate(w, h, codec);
  if (layers === 'single') return [{ maxBitrate: whole }];
  if (layers === 'svc' && hasScalabilityModes && hasSpatialLayers(codec)) {
    return [{ scalabilityMode: sizes > 1 ? `L${Math.min(3, sizes)}T3_KEY` : 'L1T3', maxBitrate: whole }];
  }
  return Array.from({ length: sizes }, (_, index) => {
    const scaleResolutionDownBy = 2 ** (sizes - 1 - index);
    const maxBitrate = suggestBitrate(w / scaleResolutionDownBy, h / scaleResolutionDownBy, codec);
    return { scaleResolutionDownBy, maxBitrate, ...(hasScalabilityModes ? { scalabilityMode: 'L1T3' } : {}) };
  });
}

/**
 * What a scalability mode holds: `L3T2_KEY` has three sizes and two frame rates, and larger pictures lean on smaller
 * ones in key frames only. Whatever is no mode has one of each.
 */
export function parseScalabilityMode(mode) {
  const [, spatial, temporal, key] = /^[LS]([1-9]\d?)T([1-9]\d?)(?:h)?(_KEY(?:_SHIFT)?)?/.exec(mode ?? '') ?? [];
  return { spatialLayers: Number(spatial ?? 1), temporalLayers: Number(temporal ?? 1), ksvc: key !== undefined };
}
