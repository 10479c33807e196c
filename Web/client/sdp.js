// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// Reads and writes session descriptions (RFC 8866, RFC 8829, RFC 8841) as far as an SFU's client needs them: one BUNDLE
// group of audio and video sections, and one for data channels. Nothing here touches the browser.

/**
 * Reads a description into its sections.
 *
 * Values that may stand at session level (ICE, DTLS) are inherited by every section.
 */
export function parseDescription(text) {
  const blocks = [[]];
  for (const raw of text.split(/\r\n|\r|\n/)) {
    const line = raw.trim();
    if (!/^[a-z]=/.test(line)) continue;
    if (line.startsWith('m=')) blocks.push([]);
    blocks.at(-1).push(line);
  }
  const [sessionLines, ...sectionLines] = blocks;
  const session = readTransport(attributesOf(sessionLines));
  session.extmapAllowMixed = sessionLines.includes('a=extmap-allow-mixed');
  return { session, sections: sectionLines.map((lines) => parseSection(lines, session)) };
}

function attributesOf(lines) {
  const attributes = [];
  for (const line of lines) {
    if (!line.startsWith('a=')) continue;
    const colon = line.indexOf(':');
    if (colon < 0) attributes.push({ name: line.slice(2), value: '' });
    else attributes.push({ name: line.slice(2, colon), value: line.slice(colon + 1).trim() });
  }
  return attributes;
}

function readTransport(attributes) {
  const one = (name) => attributes.find((attribute) => attribute.name === name)?.value;
  const fingerprints = attributes
    .filter((attribute) => attribute.name === 'fingerprint')
    .map(({ value }) => {
      const [algorithm, digest = ''] = value.split(/\s+/);
      return { algorithm: algorithm.toLowerCase(), value: digest.toUpperCase() };
    });
  return { iceUfrag: one('ice-ufrag'), icePwd: one('ice-pwd'), setup: one('setup'), fingerprints };
}

const DIRECTIONS = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];

function parseSection(lines, session) {
  const [kind, port, protocol, ...formats] = lines[0].slice(2).split(/\s+/);
  const attributes = attributesOf(lines);
  const all = (name) => attributes.filter((attribute) => attribute.name === name).map(({ value }) => value);
  const own = readTransport(attributes);
  return {
    kind,
    protocol,
    formats,
    // RFC 9143 §6: port 0 with bundle-only means the port of the group, not a refusal.
    isRejected: (Number.parseInt(port, 10) || 0) === 0 && all('bundle-only').length === 0,
    mid: all('mid')[0],
    direction: attributes.find(({ name }) => DIRECTIONS.includes(name))?.name ?? 'sendrecv',
    iceUfrag: own.iceUfrag ?? session.iceUfrag,
    icePwd: own.icePwd ?? session.icePwd,
    setup: own.setup ?? session.setup,
    fingerprints: own.fingerprints.length ? own.fingerprints : session.fingerprints,
    codecs: readCodecs(kind, formats, all),
    headerExtensions: readExtensions(all('extmap')),
    sources: readSources(all('ssrc')),
    sourceGroups: all('ssrc-group').map((value) => {
      const [semantics, ...sources] = value.split(/\s+/);
      return { semantics, ssrcs: sources.map(Number) };
    }),
    rids: all('rid').map((value) => {
      const [id, direction] = value.split(/\s+/);
      return { id, direction };
    }),
    msid: all('msid')[0],
    sctpPort: all('sctp-port').map(Number)[0],
    maxMessageSize: all('max-message-size').map(Number)[0],
  };
}

/** Payload types that RFC 3551 §6 fixes, which need no rtpmap. */
const STATIC_RTPMAPS = { 0: 'PCMU/8000', 8: 'PCMA/8000', 9: 'G722/8000', 13: 'CN/8000' };

function readCodecs(kind, formats, all) {
  const byType = new Map();
  for (const value of all('rtpmap')) {
    const [type, map] = value.split(/\s+/);
    byType.set(Number(type), map);
  }
  const codecs = [];
  for (const format of formats) {
    const payloadType = Number(format);
    const map = byType.get(payloadType) ?? STATIC_RTPMAPS[payloadType];
    if (!Number.isInteger(payloadType) || payloadType > 127 || !map) continue;
    const [name, clockRate, channels] = map.split('/');
    const codec = { mimeType: `${kind}/${name}`, payloadType, clockRate: Number(clockRate) };
    if (kind === 'audio') codec.channels = Number(channels ?? 1);
    codecs.push({ ...codec, parameters: {}, rtcpFeedback: [] });
  }
  for (const value of all('fmtp')) {
    const space = value.indexOf(' ');
    const codec = codecs.find((entry) => entry.payloadType === Number(value.slice(0, space)));
    if (space > 0 && codec) Object.assign(codec.parameters, parseParameters(value.slice(space + 1)));
  }
  for (const value of all('rtcp-fb')) {
    const [type, name, ...rest] = value.split(/\s+/);
    for (const codec of codecs) {
      if (type !== '*' && codec.payloadType !== Number(type)) continue;
      codec.rtcpFeedback.push({ type: name, parameter: rest.join(' ') });
    }
  }
  return codecs;
}

/** Parameters that look like numbers and are text. */
const TEXT_PARAMETERS = new Set(['profile-level-id', 'sprop-parameter-sets', 'channel_mapping']);

/** Reads `key=value;key=value`; whole numbers become numbers, a bare token is kept as a key with empty text. */
export function parseParameters(text) {
  const parameters = {};
  for (const part of text.split(';')) {
    const [key, ...rest] = part.trim().split('=');
    const value = rest.join('=').trim();
    if (key === '') continue;
    const whole = /^(0|[1-9]\d{0,14})$/.test(value) && !TEXT_PARAMETERS.has(key);
    parameters[key] = whole ? Number(value) : value;
  }
  return parameters;
}

export function formatParameters(parameters) {
  return Object.entries(parameters)
    .map(([key, value]) => (value === '' ? key : `${key}=${value}`))
    .join(';');
}

function readExtensions(values) {
  return values.flatMap((value) => {
    const [head, uri] = value.split(/\s+/);
    const [id, direction = 'sendrecv'] = head.split('/');
    return uri ? [{ id: Number(id), uri, direction }] : [];
  });
}

function readSources(values) {
  const sources = new Map();
  for (const value of values) {
    const [, ssrc, name, text] = /^(\d+)(?:\s+([^:]+):?(.*))?$/.exec(value) ?? [];
    if (ssrc === undefined) continue;
    const source = sources.get(Number(ssrc)) ?? {};
    if (name) source[name] = text;
    sources.set(Number(ssrc), source);
  }
  return sources;
}

/**
 * Writes a description in the name of the server.
 *
 * `transport` has iceParameters, iceCandidates and dtlsParameters as the server gave them. A section that is `closed`
 * is written with port 0 and `formats` of its own, since an m-line may not be without any.
 */
export function writeDescription({ version, setup, transport, sections, extmapAllowMixed = true }) {
  const open = sections.filter((section) => !section.closed);
  const lines = [
    'v=0',
    `o=swiftlet 4611686018427387904 ${version} IN IP4 0.0.0.0`,
    's=-',
    't=0 0',
    'a=ice-lite',
    `a=group:BUNDLE ${open.map((section) => section.mid).join(' ')}`.trimEnd(),
  ];
  if (extmapAllowMixed) lines.push('a=extmap-allow-mixed');
  lines.push('a=msid-semantic: WMS *');
  for (const section of sections) {
    const isTagged = section === open[0];
    lines.push(...sectionLines(section, setup, transport, isTagged));
  }
  return `${lines.join('\r\n')}\r\n`;
}

function sectionLines(section, setup, transport, isTagged) {
  if (section.kind === 'application') return dataLines(section, setup, transport, isTagged);
  const formats = section.closed ? section.formats : section.codecs.map((codec) => codec.payloadType);
  const lines = [
    `m=${section.kind} ${section.closed ? 0 : 9} UDP/TLS/RTP/SAVPF ${formats.join(' ')}`,
    'c=IN IP4 0.0.0.0',
    `a=mid:${section.mid}`,
    `a=${section.closed ? 'inactive' : section.direction}`,
  ];
  if (section.closed) return lines;
  lines.push(...transportLines(setup, transport, isTagged), 'a=rtcp-mux', 'a=rtcp-rsize');
  for (const codec of section.codecs) lines.push(...codecLines(codec));
  for (const { id, uri } of section.headerExtensions) lines.push(`a=extmap:${id} ${uri}`);
  if (section.ptime) lines.push(`a=ptime:${section.ptime}`);
  if (section.rids?.length) {
    for (const rid of section.rids) lines.push(`a=rid:${rid} recv`);
    lines.push(`a=simulcast:recv ${section.rids.join(';')}`);
  }
  if (section.msid) lines.push(`a=msid:${section.msid}`);
  const { ssrc, rtxSsrc, cname } = section.source ?? {};
  if (ssrc !== undefined) {
    if (rtxSsrc !== undefined) lines.push(`a=ssrc-group:FID ${ssrc} ${rtxSsrc}`);
    for (const source of rtxSsrc === undefined ? [ssrc] : [ssrc, rtxSsrc]) {
      lines.push(`a=ssrc:${source} cname:${cname}`, `a=ssrc:${source} msid:${section.msid}`);
    }
  }
  return lines;
}

/** The section of data channels, RFC 8841 §10.1. */
function dataLines(section, setup, transport, isTagged) {
  const lines = [
    `m=application ${section.closed ? 0 : 9} UDP/DTLS/SCTP webrtc-datachannel`, 'c=IN IP4 0.0.0.0', `a=mid:${section.mid}`,
  ];
  if (section.closed) return lines;
  lines.push(...transportLines(setup, transport, isTagged), `a=sctp-port:${section.sctpPort}`);
  if (section.maxMessageSize !== undefined) lines.push(`a=max-message-size:${section.maxMessageSize}`);
  return lines;
}

function transportLines(setup, { iceParameters, iceCandidates, dtlsParameters }, isTagged) {
  const lines = [
    `a=ice-ufrag:${iceParameters.usernameFragment}`,
    `a=ice-pwd:${iceParameters.password}`,
    ...dtlsParameters.fingerprints.map(({ algorithm, value }) => `a=fingerprint:${algorithm} ${value}`),
    `a=setup:${setup}`,
  ];
  if (!isTagged) return lines;
  for (const candidate of iceCandidates) lines.push(`a=${candidateText(candidate)}`);
  lines.push('a=end-of-candidates');
  return lines;
}

function candidateText({ foundation, priority, address, ip, protocol, port, type = 'host', tcpType }) {
  const fields = ['candidate:' + foundation, 1, protocol.toLowerCase(), priority, address ?? ip, port, 'typ', type];
  if (tcpType) fields.push('tcptype', tcpType);
  return fields.join(' ');
}

function codecLines({ mimeType, payloadType, clockRate, channels, parameters, rtcpFeedback }) {
  const name = mimeType.slice(mimeType.indexOf('/') + 1);
  const lines = [`a=rtpmap:${payloadType} ${name}/${clockRate}${channels > 1 ? `/${channels}` : ''}`];
  const text = formatParameters(parameters ?? {});
  if (text) lines.push(`a=fmtp:${payloadType} ${text}`);
  for (const { type, parameter } of rtcpFeedback ?? []) {
    lines.push(`a=rtcp-fb:${payloadType} ${type}${parameter ? ` ${parameter}` : ''}`);
  }
  return lines;
}
