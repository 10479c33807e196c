// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import {
  answeringCodecs, applyCodecOptions, checkCapabilities, h264Profile, intersectCapabilities, matches, receivingCodecs, sendingEncodings,
  sendingParameters,
} from '/client/negotiation.js';
import { parseDescription } from '/client/sdp.js';
import { audioOffer, router, videoOffer } from './fixtures.js';
import { check, equal, fails, test } from './harness.js';

const offered = () => parseDescription(videoOffer).sections;
const types = (list) => list.map((codec) => codec.preferredPayloadType ?? codec.payloadType);

test('H264 matches by profile and packetization mode, not by text', () => {
  const h264 = (id, mode) => {
    const parameters = { ...(id ? { 'profile-level-id': id } : {}), ...(mode === undefined ? {} : { 'packetization-mode': mode }) };
    return { mimeType: 'video/H264', clockRate: 90000, parameters };
  };
  check(matches(h264('42e01f', 1), h264('42c034', 1)), 'constrained baseline, whatever its level and spelling');
  check(matches(h264('4d801f', 1), h264('42E01F', '1')), 'main with its first constraint is constrained baseline');
  check(!matches(h264('42e01f', 1), h264('42001f', 1)), 'baseline is not constrained baseline');
  check(!matches(h264('42e01f', 1), h264('42e01f', undefined)), 'mode 0 where absent');
  check(matches(h264(undefined, 1), h264('42e01f', 1)), 'constrained baseline where absent');
  check(!matches(h264('zzzzzz', 1), h264('zzzzzz', 1)), 'nonsense matches nothing, itself included');
  equal(h264Profile(h264('640c1f')), 'constrained-high');
});

test('VP9, AV1 and names match as they should', () => {
  const codec = (mimeType, parameters = {}) => ({ mimeType, clockRate: 90000, parameters });
  check(matches(codec('video/VP9'), codec('VIDEO/vp9', { 'profile-id': 0 })));
  check(!matches(codec('video/VP9', { 'profile-id': 2 }), codec('video/VP9')));
  check(matches(codec('video/AV1', { profile: 0, tier: 0 }), codec('video/AV1')));
  const opus = { mimeType: 'audio/opus', clockRate: 48000, channels: 2 };
  check(!matches(opus, { ...opus, channels: 1 }));
});

test('capabilities keep the browser\'s payload types and extension ids', () => {
  const { codecs, headerExtensions } = intersectCapabilities(offered(), router, 'send');
  equal(types(codecs), [96, 97, 45, 46, 114, 115], 'VP8, AV1, H264 mode 1, each with RTX; no mode 0, no ulpfec');
  equal(headerExtensions.map(({ preferredId, direction }) => [preferredId, direction]), [[2, 'sendonly'], [7, 'sendonly'], [9, 'sendonly']]);
});

test('an extension that only sends is no capability to receive', () => {
  const { headerExtensions } = intersectCapabilities(offered(), router, 'recv');
  equal(headerExtensions.map(({ preferredId }) => preferredId), [2, 7]);
});

test('sending takes the browser\'s first common codec with its RTX', () => {
  const parameters = sendingParameters(offered()[0], router);
  equal(types(parameters.codecs), [96, 97]);
  equal(parameters.mid, '0');
  equal(parameters.rtcp, { cname: 'someone', reducedSize: true });
  const feedback = parameters.codecs[0].rtcpFeedback.map(({ type }) => type);
  check(feedback.includes('transport-cc') && !feedback.includes('goog-remb'), 'one way of estimating');
});

test('a codec that is asked for comes first, and one that is not common is refused', () => {
  const wanted = (mimeType) => sendingParameters(offered()[0], router, { mimeType, clockRate: 90000 });
  equal(types(wanted('video/AV1').codecs), [45, 46]);
  equal(types(wanted('video/h264').codecs), [114, 115]);
  equal(wanted('video/VP9'), null);
});

test('encodings carry SSRC and RTX, rids where there are several, and what was asked for', () => {
  const [section] = offered();
  equal(sendingEncodings(section, [{ maxBitrate: 5 }]), [{ ssrc: 4294967295, rtx: { ssrc: 22 }, maxBitrate: 5 }]);
  section.rids = [{ id: 'r0', direction: 'send' }, { id: 'r1', direction: 'send' }];
  equal(sendingEncodings(section, [{ rid: 'r0', maxBitrate: 1 }, { rid: 'r1', scalabilityMode: 'L1T3' }]),
    [{ rid: 'r0', maxBitrate: 1 }, { rid: 'r1', scalabilityMode: 'L1T3' }]);
  section.rids = [];
  section.sources.clear();
  equal(sendingEncodings(section), [{}]);
});

test('codec options go where each side looks for them', () => {
  const codec = { mimeType: 'audio/opus', parameters: { minptime: 10 }, rtcpFeedback: [{ type: 'nack' }, { type: 'transport-cc' }] };
  const { sent, answer } = applyCodecOptions(codec, { opusStereo: true, opusDtx: true, opusMaxAverageBitrate: 64000 });
  equal(sent.parameters, { minptime: 10, 'sprop-stereo': 1, usedtx: 1 });
  equal(answer.parameters, { minptime: 10, stereo: 1, usedtx: 1, maxaveragebitrate: 64000 });
  equal(sent.rtcpFeedback, [{ type: 'transport-cc' }]);
  equal(codec.parameters, { minptime: 10 }, 'the original stays');
  const video = applyCodecOptions({ mimeType: 'video/VP8', parameters: {}, rtcpFeedback: [] }, { videoGoogleStartBitrate: 1000 });
  equal([video.sent.parameters, video.answer.parameters], [{}, { 'x-google-start-bitrate': 1000 }]);
});

test('redundant sound goes out where it is asked for, or where the browser prefers it', () => {
  const sent = (order, options) => sendingParameters(parseDescription(audioOffer(order)).sections[0], router, undefined, options).codecs;
  equal(types(sent()), [111], 'not by itself');
  equal(types(sent('111 63', { red: true })), [111, 63], 'the codec it repeats comes first');
  equal(types(sent('63 111')), [111, 63]);
  equal(types(sent('63 111', { red: false })), [111]);
  const codecs = sent('111 63', { red: true });
  equal(codecs[1].parameters, { '111/111': '' });
  equal(types(answeringCodecs(codecs)), [63, 111], 'the answer asks for the redundant form');
  const without = { ...router, codecs: router.codecs.filter(({ mimeType }) => mimeType !== 'audio/red') };
  equal(types(sendingParameters(parseDescription(audioOffer('63 111')).sections[0], without, undefined, { red: true }).codecs), [111]);
});

test('one payload type means the same in all sections of an offer', () => {
  const own = { codecs: [{ mimeType: 'audio/opus', preferredPayloadType: 111, clockRate: 48000, channels: 2, parameters: { minptime: 10 } }] };
  const consumer = (parameters) => ({ codecs: [{ mimeType: 'audio/opus', payloadType: 111, clockRate: 48000, channels: 2, parameters }] });
  const [a, b] = [{ 'sprop-stereo': 1 }, { useinbandfec: 1 }].map((parameters) => receivingCodecs(consumer(parameters), own));
  equal(a, b);
  const foreign = consumer({ x: 1 });
  foreign.codecs[0].payloadType = 100;
  equal(receivingCodecs(foreign, own), foreign.codecs, 'a payload type that is not ours stays as it came');
});

test('malformed router capabilities are a TypeError', async () => {
  for (const wrong of [undefined, null, 1, {}, { codecs: {} }, { codecs: [{}] }, { codecs: [null] },
    { codecs: [], headerExtensions: 1 }, { codecs: [{ mimeType: 'text/x', clockRate: 1 }] }]) {
    await fails(() => checkCapabilities(wrong), 'TypeError');
  }
});
