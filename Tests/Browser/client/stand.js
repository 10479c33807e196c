// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// A plain RTCPeerConnection in the server's place, and something to send to it.

import { parseDescription } from '/client/sdp.js';
import { until } from './harness.js';

/** The other end: offers first, so that its ICE and DTLS parameters are known before the client speaks. */
export class Stand {
  connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });

  async offer() {
    await this.connection.setLocalDescription(await this.connection.createOffer());
    await until(() => this.connection.iceGatheringState === 'complete', 'gathering');
    const { sections } = parseDescription(this.connection.localDescription.sdp);
    const candidates = this.connection.localDescription.sdp.matchAll(/^a=candidate:(\S+) 1 udp (\d+) (\S+) (\d+) typ host/gm);
    const [first] = sections;
    this.sections = sections;
    return {
      id: 'transport',
      iceParameters: { usernameFragment: first.iceUfrag, password: first.icePwd, iceLite: true },
      iceCandidates: [...candidates].map(([, foundation, priority, address, port]) => {
        return { foundation, priority: Number(priority), address, protocol: 'udp', port: Number(port), type: 'host' };
      }),
      dtlsParameters: { role: 'auto', fingerprints: first.fingerprints },
      sctpParameters: { port: 5000, OS: 1024, MIS: 1024, maxMessageSize: 262144 },
    };
  }

  /** Takes the client's description as the answer to the offer made. */
  async answer(sdp) {
    const text = sdp.replaceAll('a=setup:actpass', 'a=setup:active');
    await this.connection.setRemoteDescription({ type: 'answer', sdp: text });
  }

  close() {
    this.connection.close();
  }
}

export function picture(width = 320, height = 180) {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext('2d');
  const timer = setInterval(() => {
    context.fillStyle = `hsl(${performance.now() % 360} 80% 50%)`;
    context.fillRect(0, 0, width, height);
  }, 33);
  const [track] = canvas.captureStream(30).getVideoTracks();
  track.addEventListener('ended', () => clearInterval(timer));
  return track;
}
