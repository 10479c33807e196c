// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
package import SwiftletStreams

/// Every table, queue and rate of an engine, with its number: full means refuse or drop with a counter, never grow.
package struct EngineLimits: Sendable {
    /// Servers of one worker.
    package var servers = 16
    /// Routers of one worker.
    package var routers = 1024
    /// Transports of one worker.
    package var transports = 4096
    /// Producers of one transport.
    package var producersPerTransport = 128
    /// Consumers of one transport.
    package var consumersPerTransport = 1024
    /// Producers of one worker.
    package var producers = 8192
    /// Consumers of one worker: a room of 250 in which everybody hears everybody.
    package var consumers = 65_536
    /// Data producers of one transport.
    package var dataProducersPerTransport = 256
    /// Data consumers of one transport.
    package var dataConsumersPerTransport = 4096
    /// Data producers of one worker.
    package var dataProducers = 16_384
    /// Data consumers of one worker.
    package var dataConsumers = 131_072
    /// Bytes of a data channel's label, and of its protocol.
    package var labelBytes = 1024
    /// Subchannels of one data consumer.
    package var subchannels = 1024
    /// Channels that one peer has opened in band.
    package var inBandChannelsPerTransport = 256
    /// Messages, and their bytes, that one peer sent on channels before anybody took those.
    package var heldDataMessages = 1024
    package var heldDataBytes = 1 << 20
    /// Bytes of the longest message that can be allowed.
    package static let longestMessage = 16 << 20
    /// RTP observers of one router.
    package var observersPerRouter = 16
    /// RTP observers of one worker.
    package var observers = 4096
    /// Encodings of one producer.
    package var encodingsPerProducer = 8
    /// Send intents that wait for one destination; about 1.2 MB of media.
    package var intentsPerTransport = 1024
    /// Control packets (STUN, DTLS, RTCP) that wait in the engine; the oldest media may wait, these may not be many.
    package var controlPackets = 4096
    /// TCP connections that have not passed an ICE check, of one worker.
    package var unvalidatedConnections = 256
    /// How long a TCP connection may stay without passing an ICE check.
    package var unvalidatedConnectionTime = Duration.seconds(10)
    /// TCP connections of one worker.
    package var connections = 8192
    /// Notifications that wait for ``Engine/poll()``.
    package var outputs = 65_536
    /// Packets sealed by one call of ``Engine/transmit(into:now:)``.
    package var packetsPerChunk = 512
    /// Bytes sealed by one call of ``Engine/transmit(into:now:)``.
    package var bytesPerChunk = 512_000
    /// Bytes that leave to one destination before others get their turn, as long as there is no estimate.
    package var bytesPerBurst = 65_536
    /// How long a packet may wait for others to the same destination, so that they leave as one run.
    ///
    /// 0 sends at the end of the turn, 0.5 to 1 ms is useful; at most ``longestFlushWindow``. It begins when the packet
    /// is read; the worker may rest up to as long before it reads.
    package var flushWindow = Duration.zero
    package static let longestFlushWindow = ControlRequest.Start.longestFlushWindow
    /// Whether packets may change places and be padded so that more of them leave as one run.
    ///
    /// Off only where a benchmark shows what it is worth: then neighbours of one stream and one size make runs.
    package var regroups = true
    /// Bytes of RTP that all receive streams of a worker store together.
    package var storedBytes = 256 << 20
    /// When loss towards a viewer takes a layer away and gives it back.
    package var lossThresholds = LossBudget.Thresholds()
    /// Bytes of a packet, RTP header and padding included, that is forwarded at all.
    package var packetSize = 1500

    package init() {}
}
