// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import { formatParameters, parseDescription, parseParameters, writeDescription } from '/client/sdp.js';
import { videoOffer } from './fixtures.js';
import { check, equal, test } from './harness.js';

const transport = {
  iceParameters: { usernameFragment: 'ufrag', password: 'password' },
  iceCandidates: [
    { foundation: 'udp', priority: 2130706431, address: '192.0.2.1', protocol: 'udp', port: 44444, type: 'host' },
    { foundation: 'tcp', priority: 1, ip: '2001:db8::1', protocol: 'tcp', port: 44444, type: 'host', tcpType: 'passive' },
  ],
  dtlsParameters: { fingerprints: [{ algorithm: 'sha-256', value: 'AA:BB' }] },
};

const opus = {
  mimeType: 'audio/opus', payloadType: 111, clockRate: 48000, channels: 2,
  parameters: { minptime: 10, useinbandfec: 1 }, rtcpFeedback: [{ type: 'transport-cc', parameter: '' }],
};

test('a section is read whole: codecs, feedback, extensions, sources', () => {
  const { session, sections } = parseDescription(videoOffer);
  check(session.extmapAllowMixed);
  const [section] = sections;
  equal([section.kind, section.mid, section.direction, section.setup], ['video', '0', 'sendonly', 'actpass']);
  equal(section.fingerprints, [{ algorithm: 'sha-256', value: 'AA:BB' }]);
  const [vp8, rtx] = section.codecs;
  equal(vp8.rtcpFeedback.map(({ type, parameter }) => `${type} ${parameter}`.trim()),
    ['goog-remb', 'transport-cc', 'ccm fir', 'nack', 'nack pli']);
  equal(rtx.parameters, { apt: 96 });
  equal(section.headerExtensions[2].direction, 'sendonly');
  equal([...section.sources.keys()], [4294967295, 22], 'sources are unsigned');
  equal(section.sourceGroups, [{ semantics: 'FID', ssrcs: [4294967295, 22] }]);
});

test('session-level ICE and DTLS reach every section', () => {
  const { sections } = parseDescription('v=0\na=ice-ufrag:u\na=ice-pwd:p\na=setup:active\na=fingerprint:sha-256 cc\nm=audio 9 X 0\nm=video 0 X 96\n');
  equal(sections.map(({ iceUfrag, icePwd, setup }) => [iceUfrag, icePwd, setup]), [['u', 'p', 'active'], ['u', 'p', 'active']]);
  equal(sections[0].codecs[0].mimeType, 'audio/PCMU', 'payload type 0 needs no rtpmap');
  equal(sections.map(({ isRejected }) => isRejected), [false, true]);
});

test('port 0 of a bundle-only section refuses nothing', () => {
  const { sections } = parseDescription('v=0\r\nm=video 0 UDP/TLS/RTP/SAVPF 96\r\na=bundle-only\r\nm=video 0 UDP/TLS/RTP/SAVPF 96\r\n');
  equal(sections.map(({ isRejected }) => isRejected), [false, true]);
});

test('a profile-level-id of digits alone stays text, numbers become numbers', () => {
  const parameters = parseParameters('profile-level-id=640032; packetization-mode=1;0-15');
  equal(parameters, { 'profile-level-id': '640032', 'packetization-mode': 1, '0-15': '' });
  equal(formatParameters(parameters), 'profile-level-id=640032;packetization-mode=1;0-15');
});

test('what no SDP should hold is read without trouble', () => {
  for (const text of ['', 'm=', 'm=audio', 'v=0\r\nm=video 9 UDP x y\r\na=rtpmap:\r\na=fmtp:\r\na=extmap:\r\na=ssrc:x\r\na=rid:\r\na=rtcp-fb:']) {
    parseDescription(text);
  }
});

test('an answer is lite and passive, lists candidates once, and rejects by port 0', () => {
  const sections = [
    { kind: 'audio', mid: '0', direction: 'recvonly', codecs: [opus], headerExtensions: [{ id: 3, uri: 'urn:x' }] },
    { kind: 'video', mid: '1', closed: true, formats: ['96', '97'] },
    { kind: 'audio', mid: '2', direction: 'recvonly', codecs: [opus], headerExtensions: [] },
  ];
  const text = writeDescription({ version: 3, setup: 'passive', transport, sections });
  check(text.endsWith('\r\n'));
  const lines = text.split('\r\n');
  check(lines.includes('a=ice-lite'));
  check(lines.includes('a=group:BUNDLE 0 2'), text);
  check(lines.includes('m=video 0 UDP/TLS/RTP/SAVPF 96 97'));
  equal(lines.filter((line) => line.startsWith('a=candidate:')), [
    'a=candidate:udp 1 udp 2130706431 192.0.2.1 44444 typ host',
    'a=candidate:tcp 1 tcp 1 2001:db8::1 44444 typ host tcptype passive',
  ]);
  equal(lines.filter((line) => line === 'a=setup:passive').length, 2);
  check(lines.includes('a=rtpmap:111 opus/48000/2'));
  check(lines.includes('a=fmtp:111 minptime=10;useinbandfec=1'));
});

test('what is written reads back the same', () => {
  const section = {
    kind: 'audio', mid: '7', direction: 'sendonly', codecs: [opus], headerExtensions: [{ id: 3, uri: 'urn:x' }],
    msid: 'peer consumer', source: { ssrc: 4294967295, rtxSsrc: 5, cname: 'name' },
  };
  const [read] = parseDescription(writeDescription({ version: 1, setup: 'actpass', transport, sections: [section] })).sections;
  equal([read.mid, read.direction, read.msid, read.setup], ['7', 'sendonly', 'peer consumer', 'actpass']);
  equal(read.codecs, [opus]);
  equal(read.sourceGroups, [{ semantics: 'FID', ssrcs: [4294967295, 5] }]);
  equal(read.sources.get(5), { cname: 'name', msid: 'peer consumer' });
});
