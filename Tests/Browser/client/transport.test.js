// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// The client's transports against a plain RTCPeerConnection in the server's place: real ICE, DTLS and media.

import { Device } from '/client/index.js';
import { sendingEncodings, sendingParameters } from '/client/negotiation.js';
import { parseDescription } from '/client/sdp.js';
import { router } from './fixtures.js';
import { check, equal, fails, test, until } from './harness.js';
import { Stand, picture } from './stand.js';

async function loaded() {
  const device = new Device();
  await device.load({ routerRtpCapabilities: router });
  return device;
}

async function decoded(connection) {
  let frames = 0;
  for (const report of (await connection.getStats()).values()) {
    if (report.type === 'inbound-rtp') frames += report.framesDecoded ?? 0;
  }
  return frames;
}

test('a device says what it can, once', async () => {
  const device = new Device();
  await fails(() => device.rtpCapabilities, 'InvalidStateError');
  await fails(() => device.load({ routerRtpCapabilities: {} }), 'TypeError');
  await device.load({ routerRtpCapabilities: router });
  await fails(() => device.load({ routerRtpCapabilities: router }), 'InvalidStateError');
  check(device.canProduce('audio') && device.canProduce('video'));
  const names = device.recvRtpCapabilities.codecs.map(({ mimeType }) => mimeType.toLowerCase());
  for (const name of ['audio/opus', 'video/vp8', 'video/vp9', 'video/rtx']) check(names.includes(name), `no ${name}`);
  for (const { headerExtensions } of [device.recvRtpCapabilities, device.sendRtpCapabilities]) {
    check(headerExtensions.some(({ uri }) => uri.includes('dependency-descriptor')), 'layers can be described');
  }
  await fails(() => device.createSendTransport({ id: 'x' }), 'TypeError');
});

test('a router without video leaves nothing to produce', async () => {
  const device = new Device();
  await device.load({ routerRtpCapabilities: { codecs: router.codecs.slice(0, 1) } });
  check(device.canProduce('audio') && !device.canProduce('video'));
});

test('a produced track is seen by the other end', async () => {
  const device = await loaded();
  const stand = new Stand();
  stand.connection.addTransceiver('video', { direction: 'recvonly' });
  const transport = device.createSendTransport(await stand.offer());
  const order = [];
  transport.on('connect', ({ dtlsParameters }, callback) => {
    order.push('connect');
    equal(dtlsParameters.role, 'client');
    check(dtlsParameters.fingerprints[0].value.length > 30);
    callback();
  });
  transport.on('produce', ({ kind, rtpParameters, appData }, callback) => {
    order.push('produce');
    equal([kind, appData.source], ['video', 'camera']);
    check(rtpParameters.encodings[0].ssrc > 0 && rtpParameters.encodings[0].rtx.ssrc > 0);
    equal(rtpParameters.encodings[0].maxBitrate, 300000);
    stand.answer(transport.peerConnection.localDescription.sdp).then(() => callback({ id: 'p1' }));
  });
  const track = picture();
  const producer = await transport.produce({
    track, encodings: [{ maxBitrate: 300000 }], codec: { mimeType: 'video/VP9', clockRate: 90000 }, appData: { source: 'camera' },
  });
  equal(order, ['connect', 'produce']);
  equal(producer.rtpParameters.codecs[0].mimeType, 'video/VP9');
  equal(producer.rtpSender.getParameters().encodings[0].maxBitrate, 300000);
  await until(() => transport.connectionState === 'connected', 'connected');
  await until(async () => (await decoded(stand.connection)) > 5, 'frames');
  producer.close();
  check(producer.closed && track.readyState === 'ended');
  transport.close();
  equal(transport.connectionState, 'closed');
  stand.close();
});

test('several encodings are sent under rids, low quality first', async () => {
  const device = await loaded();
  const stand = new Stand();
  stand.connection.addTransceiver('video', { direction: 'recvonly' });
  const transport = device.createSendTransport(await stand.offer());
  transport.on('connect', (_, callback) => callback());
  const told = [];
  transport.on('produce', ({ rtpParameters }, callback) => {
    told.push(rtpParameters);
    callback({ id: `p${told.length}` });
  });
  const encodings = [{ maxBitrate: 100000, scaleResolutionDownBy: 4 }, { maxBitrate: 300000, scaleResolutionDownBy: 2 }, { maxBitrate: 900000 }];
  const producer = await transport.produce({ track: picture(), encodings });
  equal(told[0].encodings, [{ rid: 'r0', maxBitrate: 100000 }, { rid: 'r1', maxBitrate: 300000 }, { rid: 'r2', maxBitrate: 900000 }]);
  const uris = told[0].headerExtensions.map(({ uri }) => uri.split(':').at(-1));
  for (const uri of ['mid', 'rtp-stream-id', 'repaired-rtp-stream-id']) check(uris.includes(uri), `no ${uri}`);
  check(/^a=simulcast:recv r0;r1;r2\r$/m.test(transport.peerConnection.remoteDescription.sdp), 'the answer takes all three');
  await producer.setMaxSpatialLayer(0);
  equal(producer.rtpSender.getParameters().encodings.map(({ active }) => active), [true, false, false]);
  const layered = await transport.produce({
    track: picture(), codec: { mimeType: 'video/VP9', clockRate: 90000 }, encodings: [{ scalabilityMode: 'L3T3' }],
  });
  equal(told[1].encodings[0].scalabilityMode, 'L3T3');
  equal(told[1].codecs[0].mimeType, 'video/VP9');
  check(told[1].mid !== told[0].mid);
  layered.close();
  transport.close();
  stand.close();
});

test('a picture goes out in several sizes by itself, and what nobody watches is not sent', async () => {
  const device = await loaded();
  const stand = new Stand();
  stand.connection.addTransceiver('video', { direction: 'recvonly' });
  const transport = device.createSendTransport(await stand.offer());
  transport.on('connect', (_, callback) => callback());
  const told = [];
  transport.on('produce', ({ rtpParameters }, callback) => {
    told.push(rtpParameters);
    callback({ id: `p${told.length}` });
  });
  const producer = await transport.produce({ track: picture(1280, 720) });
  equal(told[0].encodings.map(({ rid, scalabilityMode }) => [rid, scalabilityMode]), [['r0', 'L1T3'], ['r1', 'L1T3'], ['r2', 'L1T3']]);
  const isDescribed = ({ headerExtensions }) => headerExtensions.some(({ uri }) => uri.includes('dependency-descriptor'));
  check(!isDescribed(told[0]), 'the descriptor of VP8 itself says more where it stands alone');
  equal(producer.activeEncodings, [true, true, true]);

  const heard = [];
  producer.on('demandchange', (demand) => heard.push(demand));
  const demand = (encodings, producerId = 'p1') => transport.notified({
    method: 'producerDemand', data: { producerId, encodings, spatialLayer: encodings.lastIndexOf(true), temporalLayer: 2 },
  });
  check(demand([false, false, false]));
  await until(() => heard.length === 1, 'heard');
  equal(producer.activeEncodings, [true, false, false], 'the smallest stays on for whoever comes');
  for (const encodings of [[false, true, false], [false, false, true], [true, true, true], [false, false, true]]) demand(encodings);
  await until(() => heard.length === 5, 'all of them, in turn');
  equal(producer.activeEncodings, [true, false, true]);
  equal(producer.demand, { encodings: [false, false, true], spatialLayer: 2, temporalLayer: 2 });
  equal(producer.rtpSender.getParameters().encodings.map(({ scaleResolutionDownBy }) => scaleResolutionDownBy), [4, 2, 1]);

  await producer.setMaxSpatialLayer(1);
  equal(producer.activeEncodings, [true, false, false], 'the application\'s own limit holds, too');
  demand([true, true, true]);
  await until(() => heard.length === 6, 'heard');
  equal(producer.activeEncodings, [true, true, false]);
  check(!demand([true], 'nobody') && !transport.notified({ method: 'newPeer', data: {} }), 'not for a producer here');
  const single = await transport.produce({ track: picture(1280, 720), layers: 'single' });
  equal(told[1].encodings.map(({ rid, scalabilityMode }) => [rid, scalabilityMode]), [[undefined, undefined]]);
  await transport.produce({ track: picture(1280, 720), layers: 'svc', codec: { mimeType: 'video/AV1', clockRate: 90000 } });
  equal(told[2].encodings.map(({ scalabilityMode }) => scalabilityMode), ['L3T3_KEY']);
  check(isDescribed(told[2]), 'layers of AV1 are described beside the payload');
  await single.setDemand({ encodings: [false] });
  equal(single.activeEncodings, [true]);
  producer.close();
  await producer.setDemand({ encodings: [true, false, false] });
  transport.close();
  stand.close();
});

test('sound goes out with redundancy when asked for', async () => {
  const device = await loaded();
  const stand = new Stand();
  stand.connection.addTransceiver('audio', { direction: 'recvonly' });
  const transport = device.createSendTransport(await stand.offer());
  transport.on('connect', (_, callback) => callback());
  const told = [];
  transport.on('produce', ({ rtpParameters }, callback) => {
    told.push(rtpParameters.codecs.map(({ mimeType }) => mimeType));
    callback({ id: 'p' });
  });
  const [track] = new AudioContext().createMediaStreamDestination().stream.getAudioTracks();
  await transport.produce({ track: track.clone() });
  await transport.produce({ track, codecOptions: { opusRed: true } });
  equal(told, [['audio/opus'], ['audio/opus', 'audio/red']]);
  const [plain, redundant] = parseDescription(transport.peerConnection.remoteDescription.sdp).sections;
  equal(plain.codecs.map(({ mimeType }) => mimeType), ['audio/opus']);
  equal(redundant.codecs.map(({ mimeType }) => mimeType), ['audio/red', 'audio/opus'], 'preferred');
  const { payloadType } = redundant.codecs[1];
  equal(redundant.codecs[0].parameters, { [`${payloadType}/${payloadType}`]: '' });
  transport.close();
  stand.close();
});

test('a consumer asks for layers and hears which come', async () => {
  const device = await loaded();
  const stand = new Stand();
  stand.connection.addTransceiver(picture(), { direction: 'sendonly' });
  const transport = device.createRecvTransport(await stand.offer());
  transport.on('connect', (_, callback) => callback());
  const rtpParameters = sendingParameters(stand.sections[0], router);
  rtpParameters.encodings = sendingEncodings(stand.sections[0]).map((entry) => ({ ...entry, scalabilityMode: 'L3T2' }));
  const consumer = await transport.consume({ id: 'c', producerId: 'p', kind: 'video', rtpParameters });
  equal([consumer.spatialLayers, consumer.temporalLayers, consumer.hasLayers], [3, 2, true]);
  equal([consumer.currentLayers, consumer.preferredLayers, consumer.priority], [undefined, undefined, 1]);
  const unheard = await fails(() => consumer.setPreferredLayers({ spatialLayer: 1 }), 'TypeError');
  check(/control/.test(unheard.message));
  const asked = [];
  transport.on('control', ({ method, data }, callback, errback) => {
    asked.push([method, data]);
    if (method === 'requestConsumerKeyFrame') errback(new Error('the server says no'));
    else callback(method === 'setConsumerPreferredLayers' ? { spatialLayer: 2, temporalLayer: 1 } : {});
  });
  equal(await consumer.setPreferredLayers({ spatialLayer: 9 }), { spatialLayer: 2, temporalLayer: 1 });
  equal(consumer.preferredLayers, { spatialLayer: 2, temporalLayer: 1 }, 'what the server took');
  await consumer.setPriority(255);
  equal(consumer.priority, 255);
  equal(asked, [
    ['setConsumerPreferredLayers', { consumerId: 'c', spatialLayer: 9 }], ['setConsumerPriority', { consumerId: 'c', priority: 255 }],
  ]);
  equal((await fails(() => consumer.requestKeyFrame())).message, 'the server says no');
  for (const wrong of [{}, { spatialLayer: -1 }, { spatialLayer: '1' }, { spatialLayer: 0, temporalLayer: 0.5 }]) {
    await fails(() => consumer.setPreferredLayers(wrong), 'TypeError');
  }
  for (const wrong of [0, 256, 1.5, undefined]) await fails(() => consumer.setPriority(wrong), 'TypeError');
  const heard = [];
  consumer.on('layerschange', (layers) => heard.push(layers));
  const changed = (data) => transport.notified({ method: 'consumerLayersChanged', data });
  check(changed({ consumerId: 'c', spatialLayer: 0, temporalLayer: 1 }));
  check(changed({ consumerId: 'c', spatialLayer: null, temporalLayer: null }));
  check(!changed({ consumerId: 'other', spatialLayer: 0 }));
  equal(heard, [{ spatialLayer: 0, temporalLayer: 1 }, null]);
  equal(consumer.currentLayers, null);
  check(transport.notified({ method: 'consumerScore', data: { consumerId: 'c', score: { score: 7 } } }));
  equal(consumer.score, { score: 7 });
  transport.close();
  await fails(() => consumer.setPreferredLayers({ spatialLayer: 0 }), 'InvalidStateError');
  stand.close();
});

test('consumers asked for together share one negotiation, and a closed one leaves its place', async () => {
  const device = await loaded();
  const stand = new Stand();
  const tracks = [picture(), picture(), picture()];
  for (const track of tracks) stand.connection.addTransceiver(track, { direction: 'sendonly' });
  const transport = device.createRecvTransport(await stand.offer());
  let connects = 0;
  transport.on('connect', (_, callback) => {
    connects += 1;
    callback();
  });
  const described = stand.sections.map((section) => {
    const parameters = sendingParameters(section, router);
    parameters.encodings = sendingEncodings(section);
    return parameters;
  });
  const consume = (index, mid = described[index].mid) => transport.consume({
    id: `c${index}-${mid}`, producerId: `p${index}`, kind: 'video', rtpParameters: { ...described[index], mid }, streamId: 'peer',
  });
  let negotiations = 0;
  transport.peerConnection.addEventListener('signalingstatechange', () => {
    if (transport.peerConnection.signalingState === 'stable') negotiations += 1;
  });
  const consumers = await Promise.all([consume(0), consume(1), consume(2)]);
  equal([connects, negotiations], [1, 1]);
  await stand.answer(transport.peerConnection.localDescription.sdp);
  await until(() => transport.connectionState === 'connected', 'connected');
  await until(async () => (await decoded(transport.peerConnection)) > 10, 'frames');
  equal(new Set(consumers.map((consumer) => consumer.track.id)).size, 3);
  const directions = () => transport.peerConnection.getTransceivers().map(({ currentDirection }) => currentDirection);
  consumers[0].close();
  consumers[1].close();
  await until(() => negotiations === 2, 'renegotiated');
  check(directions().filter((direction) => direction === 'recvonly').length === 1, String(directions()));
  const lines = () => parseDescription(transport.peerConnection.localDescription.sdp).sections;
  const again = await consume(1, '17');
  equal(lines().length, 3, 'the closed place is taken again');
  check(!again.closed && again.track.readyState === 'live');
  const error = await fails(() => consume(2), 'TypeError');
  check(/in use/.test(error.message), error.message);
  const closing = new Promise((resolve) => again.on('transportclose', resolve));
  transport.close();
  await closing;
  stand.close();
});

test('a consumer closed in the middle of a negotiation leaves its place only after the next', async () => {
  const device = await loaded();
  const stand = new Stand();
  for (let i = 0; i < 2; i += 1) stand.connection.addTransceiver(picture(), { direction: 'sendonly' });
  const transport = device.createRecvTransport(await stand.offer());
  transport.on('connect', (_, callback) => callback());
  const parameters = sendingParameters(stand.sections[0], router);
  let count = 0;
  const consume = () => {
    count += 1;
    const rtpParameters = { ...parameters, mid: `m${count}`, encodings: [{ ssrc: 1000 + count }] };
    return transport.consume({ id: `c${count}`, producerId: `p${count}`, kind: 'video', rtpParameters });
  };
  const [, second] = await Promise.all([consume(), consume()]);
  transport.peerConnection.addEventListener('signalingstatechange', () => second.close(), { once: true });
  const third = await consume();
  check(second.closed && !third.closed);
  const more = await Promise.all([consume(), consume()]);
  check(more.every(({ closed, track }) => !closed && track.readyState === 'live'));
  transport.close();
  stand.close();
});

test('wrong uses fail by name', async () => {
  const device = await loaded();
  const stand = new Stand();
  stand.connection.addTransceiver('video', { direction: 'recvonly' });
  const options = await stand.offer();
  const [send, recv] = [device.createSendTransport(options), device.createRecvTransport(options)];
  const track = picture();
  await fails(() => recv.produce({ track }), 'UnsupportedError');
  await fails(() => send.consume({}), 'UnsupportedError');
  await fails(() => send.produce({}), 'TypeError');
  await fails(() => send.produce({ track }), 'TypeError');
  send.on('produce', (_, callback) => callback({ id: 'x' }));
  await fails(() => send.produce({ track }), 'TypeError');
  send.on('connect', (_, callback, errback) => errback(new Error('the server says no')));
  const refused = await fails(() => send.produce({ track }));
  equal(refused.message, 'the server says no');
  track.stop();
  await fails(() => send.produce({ track }), 'InvalidStateError');
  send.close();
  await fails(() => send.produce({ track: picture() }), 'InvalidStateError');
  recv.close();
  stand.close();
});
