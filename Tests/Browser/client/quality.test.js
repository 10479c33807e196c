// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// The page's choice of layers: pure functions, and when the server is told.

import { LayerWishes, chooseLayers, isMore } from '/app/quality.js';
import { check, equal, test, until } from './harness.js';

const stream = { spatialLayers: 3, temporalLayers: 3, width: 1280, height: 720 };
const view = (width, height, more = {}) => ({ width, height, isVisible: true, isWhole: false, ...more });
const sizeFor = (...rest) => chooseLayers('auto', stream, view(...rest)).spatialLayer;

test('a tile gets the smallest size that fills it', () => {
  equal([[100, 60], [320, 180], [425, 239], [430, 242], [640, 360], [860, 484], [1280, 720], [3000, 2000]].map(([w, h]) => sizeFor(w, h)),
    [0, 0, 0, 1, 1, 2, 2, 2]);
  equal(sizeFor(200, 400), 1, 'cropped to a tall tile, the picture is as tall as it');
  equal(sizeFor(200, 400, { isWhole: true }), 0, 'shown whole, it is as wide as the tile');
  equal(chooseLayers('auto', { ...stream, width: 0, height: NaN }, view(640, 360)).spatialLayer, 1, 'an unknown size counts as 720p');
  equal(chooseLayers('auto', { spatialLayers: 1, temporalLayers: 1 }, view(100, 100)), { spatialLayer: 0, temporalLayer: 0 });
});

test('what nobody can see is not asked for', () => {
  equal(chooseLayers('auto', stream, view(640, 360, { isVisible: false })), null);
  equal(chooseLayers('high', stream, view(640, 360, { isVisible: false })), null);
  equal(chooseLayers('auto', stream, view(0, 0)), null, 'before it is laid out');
  equal(chooseLayers('off', stream, view(640, 360)), null);
});

test('the viewer\'s choice beats the tile\'s size', () => {
  const chosen = (quality, spatialLayers, temporalLayers = 3) => {
    const { spatialLayer, temporalLayer } = chooseLayers(quality, { ...stream, spatialLayers, temporalLayers }, view(50, 30));
    return [spatialLayer, temporalLayer];
  };
  equal(['high', 'medium', 'low', 'saver'].map((quality) => chosen(quality, 3)), [[2, 2], [1, 2], [0, 2], [0, 0]]);
  equal(['high', 'medium', 'low', 'saver'].map((quality) => chosen(quality, 2)), [[1, 2], [1, 1], [0, 2], [0, 0]]);
  equal(['high', 'medium', 'low', 'saver'].map((quality) => chosen(quality, 1, 1)), [[0, 0], [0, 0], [0, 0], [0, 0]]);
});

test('wishes are compared by size, then by frame rate', () => {
  const layers = (spatialLayer, temporalLayer) => ({ spatialLayer, temporalLayer });
  check(isMore(layers(0, 0), null) && !isMore(null, layers(0, 0)) && !isMore(null, null));
  check(isMore(layers(1, 0), layers(0, 2)) && isMore(layers(1, 2), layers(1, 1)) && !isMore(layers(1, 1), layers(1, 1)));
});

/** A consumer, wishes about it, and what the server was told. */
function stand(fails = () => false) {
  const consumer = { spatialLayers: 3, temporalLayers: 3, closed: false };
  const told = [];
  const made = { consumer, told, wish: { spatialLayer: 2, temporalLayer: 2 } };
  made.wishes = new LayerWishes(() => made.wish, async (_, layers, before) => {
    if (fails()) throw new Error('no');
    told.push([layers?.spatialLayer ?? null, before?.spatialLayer ?? null]);
  });
  return made;
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test('a new consumer is spoken for at once, and only where the best there is is not wanted', async () => {
  const one = stand();
  one.wishes.update([one.consumer]);
  await pause(200);
  equal(one.told, [], 'the server sends the best by itself');
  const two = stand();
  two.wish = { spatialLayer: 0, temporalLayer: 2 };
  two.wishes.update([two.consumer]);
  await pause(50);
  equal(two.told, [[0, 2]]);
});

test('more is asked for soon, less only when it lasts', async () => {
  const subject = stand();
  subject.wish = { spatialLayer: 0, temporalLayer: 2 };
  subject.wishes.update([subject.consumer]);
  await until(() => subject.told.length === 1, 'the first');
  const change = (spatialLayer) => {
    subject.wish = spatialLayer === null ? null : { spatialLayer, temporalLayer: 2 };
    subject.wishes.update([subject.consumer]);
  };
  change(1);
  await until(() => subject.told.length === 2, 'more', 600);
  for (let round = 0; round < 5; round += 1) {
    change(0);
    await pause(60);
    change(1);
    await pause(60);
  }
  equal(subject.told, [[0, 2], [1, 0]], 'wavering is not told');
  change(null);
  await pause(400);
  equal(subject.told.length, 2, 'not yet');
  await until(() => subject.told.length === 3, 'less', 2500);
  equal(subject.told[2], [null, 1]);
  change(2);
  await until(() => subject.told.length === 4, 'back', 600);
  equal(subject.told[3], [2, null]);
  subject.wish = { spatialLayer: 1, temporalLayer: 2 };
  subject.wishes.update([subject.consumer]);
  subject.wishes.update([subject.consumer], true);
  await until(() => subject.told.length === 5, 'what is chosen by hand does not wait', 300);
});

test('what fails is tried again, and a consumer that is gone is let be', async () => {
  let failures = 1;
  const subject = stand(() => failures-- > 0);
  subject.wish = null;
  subject.wishes.update([subject.consumer]);
  await until(() => subject.told.length === 1, 'the second attempt', 5000);
  equal(subject.told, [[null, 2]]);
  subject.wish = { spatialLayer: 0, temporalLayer: 0 };
  subject.wishes.update([subject.consumer]);
  subject.wishes.clear();
  await pause(300);
  equal(subject.told.length, 1);
});
