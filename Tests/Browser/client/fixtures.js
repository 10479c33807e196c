// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// Router capabilities as our server's default, and an offer section to match with them.

const VIDEO_FEEDBACK = [
  { type: 'nack', parameter: '' },
  { type: 'nack', parameter: 'pli' },
  { type: 'ccm', parameter: 'fir' },
  { type: 'goog-remb', parameter: '' },
  { type: 'transport-cc', parameter: '' },
];

let nextType = 101;

function video(name, parameters = {}) {
  const type = nextType;
  nextType += 2;
  return [
    {
      kind: 'video', mimeType: `video/${name}`, preferredPayloadType: type, clockRate: 90000, parameters,
      rtcpFeedback: VIDEO_FEEDBACK,
    },
    {
      kind: 'video', mimeType: 'video/rtx', preferredPayloadType: type + 1, clockRate: 90000,
      parameters: { apt: type }, rtcpFeedback: [],
    },
  ];
}

const EXTENSIONS = [
  ['urn:ietf:params:rtp-hdrext:sdes:mid', 1, 'sendrecv', 'sendrecv'],
  ['urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id', 2, null, 'recvonly'],
  ['urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id', 3, null, 'recvonly'],
  ['http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time', 4, 'sendrecv', 'sendrecv'],
  ['http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01', 5, 'recvonly', 'sendrecv'],
  ['urn:ietf:params:rtp-hdrext:ssrc-audio-level', 6, 'sendrecv', null],
  ['https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension', 7, null, 'recvonly'],
  ['urn:3gpp:video-orientation', 8, null, 'sendrecv'],
];

export const router = {
  codecs: [
    {
      kind: 'audio', mimeType: 'audio/opus', preferredPayloadType: 100, clockRate: 48000, channels: 2, parameters: {},
      rtcpFeedback: [{ type: 'nack', parameter: '' }, { type: 'transport-cc', parameter: '' }],
    },
    {
      kind: 'audio', mimeType: 'audio/red', preferredPayloadType: 99, clockRate: 48000, channels: 2,
      parameters: { '100/100': '' }, rtcpFeedback: [],
    },
    ...video('VP8'),
    ...video('VP9', { 'profile-id': 0 }),
    ...video('H264', { 'packetization-mode': 1, 'profile-level-id': '42e01f', 'level-asymmetry-allowed': 1 }),
    ...video('AV1'),
  ],
  headerExtensions: ['audio', 'video'].flatMap((kind) => EXTENSIONS.flatMap(([uri, preferredId, audio, forVideo]) => {
    const direction = kind === 'audio' ? audio : forVideo;
    return direction ? [{ kind, uri, preferredId, preferredEncrypt: false, direction }] : [];
  })),
};

export const audioOffer = (order = '111 63') => [
  'v=0',
  'o=- 1 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  `m=audio 9 UDP/TLS/RTP/SAVPF ${order} 9 64`,
  'c=IN IP4 0.0.0.0',
  'a=mid:0',
  'a=sendonly',
  'a=rtpmap:111 opus/48000/2',
  'a=fmtp:111 minptime=10;useinbandfec=1',
  'a=rtpmap:63 red/48000/2',
  'a=fmtp:63 111/111',
  'a=rtpmap:9 G722/8000',
  'a=rtpmap:64 red/8000',
  'a=fmtp:64 9/9',
  '',
].join('\r\n');

export const videoOffer = [
  'v=0',
  'o=- 1 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0',
  'a=extmap-allow-mixed',
  'm=video 9 UDP/TLS/RTP/SAVPF 96 97 45 46 108 109 114 115 127',
  'c=IN IP4 0.0.0.0',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:0123456789abcdefghijkl',
  'a=fingerprint:SHA-256 aa:bb',
  'a=setup:actpass',
  'a=mid:0',
  'a=extmap:2 urn:ietf:params:rtp-hdrext:sdes:mid',
  'a=extmap:7 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  'a=extmap:9/sendonly http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  'a=extmap:12 urn:example:unknown',
  'a=sendonly',
  'a=msid:stream track',
  'a=rtcp-mux',
  'a=rtpmap:96 VP8/90000',
  'a=rtcp-fb:96 goog-remb',
  'a=rtcp-fb:96 transport-cc',
  'a=rtcp-fb:* ccm fir',
  'a=rtcp-fb:96 nack',
  'a=rtcp-fb:96 nack pli',
  'a=rtpmap:97 rtx/90000',
  'a=fmtp:97 apt=96',
  'a=rtpmap:45 AV1/90000',
  'a=fmtp:45 level-idx=5;profile=0;tier=0',
  'a=rtpmap:46 rtx/90000',
  'a=fmtp:46 apt=45',
  'a=rtpmap:108 H264/90000',
  'a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f',
  'a=rtpmap:109 rtx/90000',
  'a=fmtp:109 apt=108',
  'a=rtpmap:114 H264/90000',
  'a=fmtp:114 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e034',
  'a=rtpmap:115 rtx/90000',
  'a=fmtp:115 apt=114',
  'a=rtpmap:127 ulpfec/90000',
  'a=ssrc-group:FID 4294967295 22',
  'a=ssrc:4294967295 cname:someone',
  'a=ssrc:22 cname:someone',
  '',
].join('\r\n');
