// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// The client's data channels against a plain RTCPeerConnection in the server's place: real ICE, DTLS and SCTP.

import { DataChannels, streamParameters } from '/client/dataChannels.js';
import { Device } from '/client/index.js';
import { parseDescription, writeDescription } from '/client/sdp.js';
import { router } from './fixtures.js';
import { check, equal, fails, test, until } from './harness.js';
import { Stand, picture } from './stand.js';

async function loaded() {
  const device = new Device();
  await device.load({ routerRtpCapabilities: router });
  return device;
}

/** A send transport whose producers get ids by order, and what the server was told of them. */
async function sending(stand) {
  const device = await loaded();
  const transport = device.createSendTransport(await stand.offer());
  const told = [];
  transport.on('connect', (_, callback) => callback());
  for (const name of ['produce', 'producedata']) {
    transport.on(name, (values, callback) => {
      told.push(values);
      callback({ id: `${name}-${told.length}` });
    });
  }
  return { transport, told };
}

/** Messages of a channel, in the order they came. */
function collect(channel) {
  const messages = [];
  channel.binaryType = 'arraybuffer';
  channel.addEventListener('message', ({ data }) => messages.push(data));
  return messages;
}

const kinds = (description) => parseDescription(description.sdp).sections.map(({ kind, isRejected }) => (isRejected ? `no ${kind}` : kind));

test('stream parameters are checked and completed', async () => {
  equal(streamParameters({ streamId: 0 }), { streamId: 0, ordered: true });
  equal(streamParameters({ streamId: 65534, maxRetransmits: 0 }), { streamId: 65534, ordered: false, maxRetransmits: 0 });
  equal(streamParameters({ streamId: 7, ordered: false, maxPacketLifeTime: 500 }), { streamId: 7, ordered: false, maxPacketLifeTime: 500 });
  const wrong = [{}, { streamId: -1 }, { streamId: 65535 }, { streamId: '1' }, { streamId: 1, ordered: 1 }, { streamId: 1, maxRetransmits: -1 },
    { streamId: 1, maxPacketLifeTime: 1e6 }, { streamId: 1, maxPacketLifeTime: 1, maxRetransmits: 1 }];
  for (const values of wrong) await fails(() => streamParameters(values), 'TypeError');
});

test('stream ids go round and pass by those in use', async () => {
  const connection = new RTCPeerConnection();
  const channels = new DataChannels(connection, { port: 5000, OS: 3, MIS: 3, maxMessageSize: 1 });
  const take = () => {
    const streamId = channels.takeId();
    channels.open({ streamId, ordered: true }, '', '');
    return streamId;
  };
  equal([take(), take(), take()], [0, 1, 2]);
  await fails(() => channels.takeId(), 'InvalidStateError');
  await fails(() => channels.whenFree(1), 'InvalidStateError');
  await channels.whenFree(3);
  await fails(() => new DataChannels(connection, undefined).checkEnabled(), 'UnsupportedError');
  connection.close();
});

test('a section of data is written as RFC 8841 says, and read back', () => {
  const transport = {
    iceParameters: { usernameFragment: 'u', password: 'p' }, iceCandidates: [], dtlsParameters: { fingerprints: [{ algorithm: 'sha-256', value: 'AA' }] },
  };
  const section = { kind: 'application', mid: 'data', sctpPort: 5000, maxMessageSize: 262144, closed: false };
  const sdp = writeDescription({ version: 1, setup: 'actpass', transport, sections: [section] });
  check(sdp.includes('a=group:BUNDLE data\r\n') && sdp.includes('m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n'), sdp);
  check(sdp.includes('a=sctp-port:5000\r\na=max-message-size:262144\r\n') && !sdp.includes('rtcp-mux') && !sdp.includes('a=sendrecv'), sdp);
  const [read] = parseDescription(sdp).sections;
  equal([read.kind, read.mid, read.sctpPort, read.maxMessageSize, read.isRejected], ['application', 'data', 5000, 262144, false]);
  const closed = writeDescription({ version: 1, setup: 'passive', transport, sections: [{ ...section, closed: true }] });
  check(closed.includes('m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n') && !closed.includes('sctp-port'), closed);
});

test('a transport that carries nothing but data sends it', async () => {
  const stand = new Stand();
  const ours = [0, 1].map((id) => stand.connection.createDataChannel('stand', { negotiated: true, id, ...(id ? { ordered: false, maxRetransmits: 0 } : {}) }));
  const messages = ours.map(collect);
  const { transport, told } = await sending(stand);
  const chat = await transport.produceData({ label: 'chat', protocol: 'json', appData: { a: 1 } });
  const pointer = await transport.produceData({ label: 'pointer', maxRetransmits: 0 });
  equal(told, [
    { sctpStreamParameters: { streamId: 0, ordered: true }, label: 'chat', protocol: 'json', appData: { a: 1 } },
    { sctpStreamParameters: { streamId: 1, ordered: false, maxRetransmits: 0 }, label: 'pointer', protocol: '', appData: {} },
  ]);
  equal([chat.id, chat.label, chat.protocol, chat.readyState, chat.closed], ['producedata-1', 'chat', 'json', 'connecting', false]);
  equal([pointer.dataChannel.ordered, pointer.dataChannel.maxRetransmits, pointer.dataChannel.negotiated], [false, 0, true]);
  equal(kinds(transport.peerConnection.localDescription), ['application']);
  await fails(() => chat.send('too early'), 'InvalidStateError');
  const opened = Promise.all([chat, pointer].map((producer) => new Promise((resolve) => producer.once('open', resolve))));
  await stand.answer(transport.peerConnection.localDescription.sdp);
  await opened;
  const low = new Promise((resolve) => chat.once('bufferedamountlow', resolve));
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  chat.bufferedAmountLowThreshold = 1000;
  for (const data of ['', 'é', new ArrayBuffer(0), bytes]) chat.send(data);
  check(chat.bufferedAmount > 50_000, String(chat.bufferedAmount));
  await low;
  pointer.send('x');
  await until(() => messages[0].length === 4 && messages[1].length === 1, 'messages');
  equal([messages[0][0], messages[0][1], messages[0][2].byteLength, messages[1][0]], ['', 'é', 0, 'x']);
  equal([...new Uint8Array(messages[0][3])], [...bytes]);

  const closed = new Promise((resolve) => ours[0].addEventListener('close', resolve));
  chat.close();
  check(chat.closed);
  await fails(() => chat.send('x'), 'InvalidStateError');
  await closed;
  const heard = new Promise((resolve) => pointer.once('close', resolve));
  ours[1].close();
  await heard;
  check(pointer.closed, 'closed by the other end');
  const last = await transport.produceData();
  equal(last.sctpStreamParameters.streamId, 2, 'not one used lately');
  const ended = new Promise((resolve) => last.once('transportclose', resolve));
  transport.close();
  await ended;
  stand.close();
});

test('data beside media keeps its section in place, and lives through an ICE restart', async () => {
  const stand = new Stand();
  stand.connection.addTransceiver('video', { direction: 'recvonly' });
  const channel = stand.connection.createDataChannel('stand', { negotiated: true, id: 0 });
  const messages = collect(channel);
  const { transport } = await sending(stand);
  const video = await transport.produce({ track: picture(), layers: 'single' });
  const data = await transport.produceData({ label: 'x' });
  const more = await transport.produce({ track: picture(), layers: 'single' });
  const order = () => [kinds(transport.peerConnection.localDescription), kinds(transport.peerConnection.remoteDescription)];
  equal(order(), Array(2).fill(['video', 'application', 'video']));
  const offered = transport.peerConnection.localDescription.sdp;
  // The stand offered two sections: it is told of these.
  await stand.answer(offered.slice(0, offered.lastIndexOf('m=video')).replace(/^a=group:BUNDLE.*$/m, 'a=group:BUNDLE 0 1'));
  await until(() => data.readyState === 'open', 'open');
  data.send('before');
  more.close();
  video.close();
  await until(() => order()[0].join() === 'video,application,no video', 'withdrawn');
  const again = await transport.produce({ track: picture(), layers: 'single' });
  equal(order()[1], ['video', 'application', 'video'], 'the place is taken again');
  const iceParameters = { usernameFragment: 'abcdefgh', password: 'abcdefghijklmnopqrstuvwxyz' };
  await transport.restartIce({ iceParameters });
  equal(order()[0], ['video', 'application', 'video']);
  equal(new Set(parseDescription(transport.peerConnection.remoteDescription.sdp).sections.map(({ iceUfrag }) => iceUfrag)).size, 1);
  check(data.readyState === 'open' && !again.closed);
  await until(() => messages.length === 1, 'the message');
  transport.close();
  stand.close();
});

test('data is consumed beside media, whichever comes first', async () => {
  for (const isDataFirst of [true, false]) {
    const device = await loaded();
    const stand = new Stand();
    const channels = [5, 6].map((id) => stand.connection.createDataChannel('stand', { negotiated: true, id }));
    // An early message must not be lost while the consumer is being made.
    channels[0].addEventListener('open', () => channels[0].send('early'));
    const transport = device.createRecvTransport(await stand.offer());
    transport.on('connect', (_, callback) => callback());
    const codec = { mimeType: 'video/VP8', payloadType: 96, clockRate: 90000, parameters: {}, rtcpFeedback: [] };
    const rtpParameters = { mid: '0', codecs: [codec], encodings: [{ ssrc: 1234 }] };
    const consumeData = (index) => transport.consumeData({
      id: `d${index}`, dataProducerId: `p${index}`, label: 'chat', sctpStreamParameters: { streamId: 5 + index, ordered: true }, appData: { index },
    });
    const consume = () => transport.consume({ id: 'c', producerId: 'p', kind: 'video', rtpParameters });
    if (!isDataFirst) await consume();
    const [first, second] = await Promise.all([consumeData(0), consumeData(1)]);
    const messages = [];
    first.on('message', (data) => messages.push(data));
    const fromSecond = new Promise((resolve) => second.on('message', resolve));
    if (isDataFirst) await consume();
    const order = isDataFirst ? ['application', 'video'] : ['video', 'application'];
    equal(kinds(transport.peerConnection.localDescription), order);
    equal([first.id, first.dataProducerId, first.label, first.binaryType, first.appData], ['d0', 'p0', 'chat', 'arraybuffer', { index: 0 }]);
    // The stand knows the data section alone.
    const sdp = transport.peerConnection.localDescription.sdp;
    const [head, ...sections] = sdp.split(/^(?=m=)/m);
    const own = sections.find((section) => section.startsWith('m=application')).replace('a=mid:data', 'a=mid:0').replace(/^m=application \d+/, 'm=application 9');
    const candidates = [...sdp.matchAll(/^a=candidate:.*\r\n/gm)].map(([line]) => line).join('');
    await stand.answer(head.replace(/^a=group:BUNDLE.*$/m, 'a=group:BUNDLE 0') + own + (own.includes('a=candidate') ? '' : candidates));
    await until(() => messages.length === 1, 'the early message');
    equal(messages, ['early']);
    channels[1].send(new Uint8Array([1, 2]));
    equal([...new Uint8Array(await fromSecond)], [1, 2]);

    await fails(() => consumeData(1), 'InvalidStateError');
    const closed = new Promise((resolve) => second.once('close', resolve));
    channels[1].close();
    // The server takes the stream for another channel, perhaps before this end has closed the old one.
    await closed;
    const reused = await consumeData(1);
    check(second.closed && !reused.closed);
    const ended = new Promise((resolve) => reused.once('transportclose', resolve));
    transport.close();
    await ended;
    check(first.closed);
    stand.close();
  }
});

test('wrong uses fail by name, and a refusal leaves the transport usable', async () => {
  const stand = new Stand();
  stand.connection.createDataChannel('stand', { negotiated: true, id: 0 });
  const device = await loaded();
  equal(device.sctpCapabilities, { numStreams: { OS: 1024, MIS: 1024 } });
  await fails(() => new Device().sctpCapabilities, 'InvalidStateError');
  const options = await stand.offer();
  const [send, recv] = [device.createSendTransport(options), device.createRecvTransport(options)];
  const { sctpParameters, ...without } = options;
  const plain = device.createSendTransport(without);
  await fails(() => recv.produceData(), 'UnsupportedError');
  await fails(() => send.consumeData({}), 'UnsupportedError');
  await fails(() => send.produceData(), 'TypeError');
  plain.on('producedata', () => {});
  await fails(() => plain.produceData(), 'UnsupportedError');
  await fails(() => recv.consumeData({ id: 'x', dataProducerId: 'y' }), 'TypeError');
  await fails(() => recv.consumeData({ id: 'x', sctpStreamParameters: { streamId: 1 } }), 'TypeError');
  let isRefused = true;
  send.on('connect', (_, callback) => callback());
  send.on('producedata', (_, callback, errback) => (isRefused ? errback(new Error('the server says no')) : callback({ id: 'd' })));
  await fails(() => send.produceData({ label: 1 }), 'TypeError');
  equal((await fails(() => send.produceData())).message, 'the server says no');
  isRefused = false;
  const producer = await send.produceData();
  equal(producer.id, 'd');
  recv.on('connect', (_, callback, errback) => errback(new Error('not now')));
  const consuming = { id: 'x', dataProducerId: 'y', sctpStreamParameters: { streamId: 1 } };
  equal((await fails(() => recv.consumeData(consuming))).message, 'not now');
  recv.removeAllListeners('connect').on('connect', (_, callback) => callback());
  await recv.consumeData({ ...consuming, sctpStreamParameters: { streamId: 2 } });
  for (const transport of [send, recv, plain]) transport.close();
  await fails(() => send.produceData(), 'InvalidStateError');
  stand.close();
});
