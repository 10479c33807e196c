// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// Swiftlet's browser client: plain ES modules, no build step.

export { browserName } from './browser.js';
export { Consumer } from './Consumer.js';
export { DataConsumer } from './DataConsumer.js';
export { DataProducer } from './DataProducer.js';
export { Device } from './Device.js';
export { hasSpatialLayers, parseScalabilityMode, suggestEncodings } from './encodings.js';
export { InvalidStateError, RequestError, UnsupportedError } from './errors.js';
export { EventEmitter } from './EventEmitter.js';
export { Producer } from './Producer.js';
export { SignalingClient } from './SignalingClient.js';
export { RecvTransport } from './RecvTransport.js';
export { SendTransport } from './SendTransport.js';
export { Transport } from './Transport.js';
