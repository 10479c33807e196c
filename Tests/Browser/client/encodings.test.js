// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import { hasSpatialLayers, parseScalabilityMode, suggestBitrate, suggestEncodings, suggestLayers } from '/client/encodings.js';
import { check, equal, test } from './harness.js';

test('a large picture goes out in three sizes, each half of the next, low first', () => {
  const encodings = suggestEncodings({ width: 1280, height: 720, codec: 'video/VP8' });
  equal(encodings.map(({ scaleResolutionDownBy }) => scaleResolutionDownBy), [4, 2, 1]);
  equal(encodings.map(({ scalabilityMode }) => scalabilityMode), ['L1T3', 'L1T3', 'L1T3']);
  equal(encodings[2].maxBitrate, 1_500_000);
  check(encodings.every(({ maxBitrate }, index) => index === 0 || maxBitrate > 2 * encodings[index - 1].maxBitrate));
});

test('a small picture has fewer sizes, so that no browser drops the largest', () => {
  equal([[1920, 1080], [1280, 720], [720, 1280], [960, 540], [640, 480], [640, 360], [480, 270], [320, 180], [160, 90]]
    .map(([width, height]) => suggestLayers(width, height)), [3, 3, 3, 3, 2, 2, 2, 1, 1]);
  equal(suggestEncodings({ width: 320, height: 180 }).length, 1);
  equal(suggestEncodings({ width: 640, height: 360, count: 3 }).map((entry) => entry.scaleResolutionDownBy), [4, 2, 1]);
  equal(suggestEncodings({ count: 99 }).length, 4, 'bounded');
});

test('a track that does not say its size counts as 720p', () => {
  for (const size of [{}, { width: 0, height: 0 }, { width: undefined, height: 720 }, { width: NaN, height: NaN }]) {
    equal(suggestEncodings(size), suggestEncodings({ width: 1280, height: 720 }));
  }
});

test('one stream carries all sizes where codec and browser can, and simulcast takes over where not', () => {
  const svc = (codec, more = {}) => suggestEncodings({ width: 1280, height: 720, layers: 'svc', codec, ...more });
  equal(svc('video/VP9'), [{ scalabilityMode: 'L3T3_KEY', maxBitrate: 1_200_000 }]);
  equal(svc('video/AV1', { width: 640, height: 360 })[0].scalabilityMode, 'L2T3_KEY');
  equal(svc('video/AV1', { width: 320, height: 180 })[0].scalabilityMode, 'L1T3');
  equal(svc('video/VP8').length, 3);
  equal(svc('video/VP9', { hasScalabilityModes: false }).map(({ scalabilityMode }) => scalabilityMode), [undefined, undefined, undefined]);
  check(hasSpatialLayers('video/vp9') && hasSpatialLayers('AV1') && !hasSpatialLayers('video/H264') && !hasSpatialLayers(undefined));
});

test('a single stream has a bitrate and nothing else', () => {
  equal(suggestEncodings({ width: 640, height: 360, layers: 'single' }), [{ maxBitrate: 530_000 }]);
});

test('bitrates grow more slowly than pictures, and newer codecs need less', () => {
  check(suggestBitrate(1920, 1080) < 2.25 * suggestBitrate(1280, 720));
  check(suggestBitrate(1280, 720, 'video/AV1') < suggestBitrate(1280, 720, 'video/VP9'));
});

test('scalability modes are read, and nonsense has one layer of each', () => {
  equal(parseScalabilityMode('L3T2_KEY'), { spatialLayers: 3, temporalLayers: 2, ksvc: true });
  equal(parseScalabilityMode('S3T3'), { spatialLayers: 3, temporalLayers: 3, ksvc: false });
  equal(parseScalabilityMode('L2T1h'), { spatialLayers: 2, temporalLayers: 1, ksvc: false });
  for (const wrong of [undefined, null, '', 'L0T3', 'X1T1', 'L1', 5]) {
    equal(parseScalabilityMode(wrong), { spatialLayers: 1, temporalLayers: 1, ksvc: false });
  }
});
