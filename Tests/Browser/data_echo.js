// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// A raw RTCPeerConnection of a browser's that has every message echoed, and looks at what comes back.

window.dataEcho = (() => {
  let connection;
  const channels = {};

  // Numbers from a seed, so that a failure can be had again.
  function generator(seed) {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
  }

  // FNV-1a over the kind, the length and the bytes.
  function digest(message) {
    const text = typeof message === "string";
    const bytes = text ? new TextEncoder().encode(message) : new Uint8Array(message);
    let hash = text ? 0x811c9dc5 : 0x1234567;
    for (let index = 0; index < bytes.length; index++) hash = Math.imul(hash ^ bytes[index], 0x01000193);
    return `${text ? "t" : "b"}${bytes.length}:${(hash >>> 0).toString(16)}`;
  }

  function compose(number, size, random) {
    if (number % 5 === 4) return String.fromCharCode(97 + (number % 26)).repeat(Math.min(size, 4000)) + `ä${number}`;
    const bytes = new Uint8Array(size);
    const start = Math.floor(random() * 256);
    for (let index = 0; index < size; index++) bytes[index] = start + index * 7 + (index >> 8);
    return bytes.buffer;
  }

  function keep(channel, name) {
    channel.binaryType = "arraybuffer";
    channels[name] = channel;
    return channel;
  }

  return {
    // Makes the channels and an offer; `wanted` maps names to what createDataChannel takes.
    async offer(wanted) {
      connection = new RTCPeerConnection();
      connection.ondatachannel = event => keep(event.channel, event.channel.label);
      for (const [name, options] of Object.entries(wanted)) keep(connection.createDataChannel(name, options), name);
      await connection.setLocalDescription(await connection.createOffer());
      return connection.localDescription.sdp;
    },

    async answer(sdp) {
      await connection.setRemoteDescription({ type: "answer", sdp });
    },

    async add(name, options) {
      keep(connection.createDataChannel(name, options), name);
    },

    // What each channel is and how it stands.
    channels() {
      return Object.fromEntries(Object.entries(channels).map(([name, channel]) => [name, {
        id: channel.id, state: channel.readyState, ordered: channel.ordered, negotiated: channel.negotiated,
        protocol: channel.protocol, maxRetransmits: channel.maxRetransmits,
        maxPacketLifeTime: channel.maxPacketLifeTime,
      }]));
    },

    isOpen(...names) {
      return names.every(name => channels[name]?.readyState === "open");
    },

    maxMessageSize() {
      return connection.sctp.maxMessageSize;
    },

    // Sends `count` messages of up to `largest` bytes, at most `ahead` bytes without an echo, and waits for all echoes.
    echo(name, { count, largest, seed, ahead = 600000 }) {
      const channel = channels[name];
      const random = generator(seed);
      const sent = [], returned = [];
      const fixed = [1, 2, 3, 4, 1148, 1149, 1150, 65535, 65536, largest];
      let sentBytes = 0, returnedBytes = 0, next;
      const size = number => {
        if (number < fixed.length) return Math.min(fixed[number], largest);
        const draw = random();
        return 1 + Math.floor(random() * (draw < 0.9 ? 200 : draw < 0.99 ? 1500 : Math.min(largest, 30000)));
      };
      const measure = message => (typeof message === "string" ? new TextEncoder().encode(message).length : message.byteLength);
      const start = performance.now();
      return new Promise((resolve, reject) => {
        const more = () => {
          while (sent.length < count && sentBytes - returnedBytes < ahead) {
            next = sent.length === count - 1 ? "" : sent.length === count - 2 ? new ArrayBuffer(0)
              : compose(sent.length, size(sent.length), random);
            try {
              channel.send(next);
            } catch (error) {
              reject(new Error(`${name}: message ${sent.length}: ${error}`));
              return;
            }
            sent.push(digest(next));
            sentBytes += measure(next);
          }
        };
        channel.onclose = () => reject(new Error(`${name} closed after ${returned.length} of ${sent.length}`));
        channel.onmessage = ({ data }) => {
          returned.push(digest(data));
          returnedBytes += measure(data);
          if (returned.length < count) return more();
          channel.onclose = channel.onmessage = null;
          const inOrder = returned.every((one, index) => one === sent[index]);
          sent.sort();
          returned.sort();
          const missing = sent.filter((one, index) => one !== returned[index]).length;
          resolve({ inOrder, missing, bytes: sentBytes, seconds: (performance.now() - start) / 1000 });
        };
        dataEcho.progress = () => ({ sent: sent.length, returned: returned.length, waiting: channel.bufferedAmount });
        more();
      });
    },

    // Sends without waiting for anything, as one does on a channel that may lose; returns how many came back.
    async flood(name, { count, size, interval }) {
      const channel = channels[name];
      let returned = 0, wrong = 0;
      channel.onmessage = ({ data }) => {
        returned += 1;
        if (data.byteLength !== size) wrong += 1;
      };
      for (let number = 0; number < count; number++) {
        channel.send(new Uint8Array(size));
        if (number % 10 === 9) await new Promise(done => setTimeout(done, interval));
      }
      await new Promise(done => setTimeout(done, 1500));
      return { returned, wrong };
    },

    async closeChannel(name) {
      const channel = channels[name];
      const closed = new Promise(done => { channel.onclose = done; });
      channel.close();
      await closed;
      delete channels[name];
    },

    close() {
      connection?.close();
    },
  };
})();
