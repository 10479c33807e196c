// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC
import SwiftletPeerLink
import SwiftletSCTP
import SwiftletWire

/// What a transport knows of its data channels: the association, and whose each stream is.
final class DataChannels {
    let options: SctpOptions
    private let limits: EngineLimits
    /// Made when the first channel is, or when the peer begins.
    private(set) var association: SCTPAssociation?
    /// Whether the link beneath is gone.
    private(set) var isEnded = false
    /// By the stream that they come on.
    var producers: [UInt16: DataProducer] = [:]
    /// By the stream that they leave by.
    var consumers: [UInt16: DataConsumer] = [:]
    var outgoing = OutgoingStreams()
    /// Streams that the peer opened in band, with what came before anybody took them.
    private(set) var inBand: [UInt16: [DataMessage]] = [:]
    private var heldMessages = 0
    private var heldBytes = 0
    /// Openings, and messages of streams, that nobody had use for.
    private(set) var strays: UInt64 = 0

    init(_ options: SctpOptions, limits: EngineLimits) { (self.options, self.limits) = (options, limits) }

    /// What the peer has to know.
    var parameters: SctpParameters { SctpParameters(maxMessageSize: Int(options.maxReceiveMessageSize)) }
    var state: SctpState { isEnded ? .closed : association.map { SctpState($0.state) } ?? .new }
    var nextDeadline: Instant? { association?.nextDeadline }

    /// The association, made when it is first asked for.
    func makeAssociation(_ random: some RandomNumberGenerator) -> SCTPAssociation {
        if let association { return association }
        var configuration = SCTPConfiguration()
        configuration.maximumPacketSize = PeerLink.maximumMessageLength
        configuration.maximumSendMessageSize = Int(options.maxSendMessageSize)
        configuration.maximumReceiveMessageSize = Int(options.maxReceiveMessageSize)
        configuration.sendBufferSize = max(Int(options.sendBufferSize), Int(options.maxSendMessageSize))
        configuration.perStreamSendQueueLimit =
            max(Int(options.perStreamSendQueueLimit), Int(options.maxSendMessageSize))
        // A message that did not fit the window would never be complete; each of its pieces takes more than its bytes.
        let longest = Int(options.maxReceiveMessageSize)
        configuration.receiveWindow = max(Int(options.maxReceiverWindowBufferSize), longest + longest / 4)
        let made = SCTPAssociation(configuration, random: random)
        association = made
        return made
    }

    /// Ends the association without a word, since there is no way left to say one.
    func end(now: Instant) {
        isEnded = true
        association?.abort(now: now)
        while association?.poll() != nil {}
    }

    /// Bytes that may wait on a stream while there is no peer to take them.
    static let unconnectedLimit = 65_536

    // MARK: Streams

    /// Every stream that somebody uses, ascending.
    var streamsInUse: [UInt16] { Set(producers.keys).union(consumers.keys).union(inBand.keys).sorted() }

    /// Takes the stream asked for, or the lowest that is free.
    ///
    /// - Parameters:
    ///   - wanted: A stream; `nil` for any.
    ///   - parity: With which to begin, in steps of two, where the peer opens channels too, RFC 8832 §6.
    /// - Returns: The stream.
    /// - Throws: ``ControlError`` when the stream asked for is taken or beyond those negotiated, or when none is free.
    func takeStream(_ wanted: UInt16?, parity: UInt16?) throws(ControlError) -> UInt16 {
        let count = min(association?.negotiated?.outgoingStreams ?? .max, SctpStreamParameters.maximumStreamId + 1)
        if let wanted {
            guard wanted < count else {
                throw ControlError(.invalidArgument, "streamId \(wanted) is beyond the \(count) streams negotiated")
            }
            guard outgoing.take(wanted) else {
                throw ControlError(.alreadyExists, "streamId \(wanted) is in use, or is being closed")
            }
            return wanted
        }
        let taken = outgoing.takeLowest(of: stride(from: parity ?? 0, to: count, by: parity == nil ? 1 : 2)) {
            inBand[$0] != nil || producers[$0] != nil
        }
        guard let taken else { throw ControlError(.limitReached, "no sctpStreamId available") }
        return taken
    }

    // MARK: Channels opened in band

    /// Takes in a channel that the peer opened.
    ///
    /// - Returns: Whether it is to be answered.
    func open(_ stream: UInt16) -> Bool {
        guard stream <= SctpStreamParameters.maximumStreamId, inBand[stream] == nil,
            inBand.count < limits.inBandChannelsPerTransport, outgoing.isFree(stream), producers[stream] == nil
        else { return false }
        inBand[stream] = []
        outgoing.reopen(stream)
        return true
    }

    /// Keeps a message until somebody takes the stream.
    ///
    /// - Returns: Whether there was room.
    func hold(_ message: DataMessage, on stream: UInt16) -> Bool {
        guard heldMessages < limits.heldDataMessages,
            heldBytes + message.payload.count <= max(limits.heldDataBytes, Int(options.maxReceiveMessageSize))
        else { return false }
        inBand[stream]?.append(message)
        heldMessages += 1
        heldBytes += message.payload.count
        return true
    }

    /// What came on a stream before it was taken, in order; the stream stays open.
    func takeHeld(of stream: UInt16) -> [DataMessage] {
        guard let held = inBand[stream] else { return [] }
        inBand[stream] = []
        heldMessages -= held.count
        heldBytes -= held.reduce(0) { $0 + $1.payload.count }
        return held
    }

    /// Forgets a channel that was opened in band.
    ///
    /// - Returns: Whether there was one.
    func forget(_ stream: UInt16) -> Bool {
        _ = takeHeld(of: stream)
        return inBand.removeValue(forKey: stream) != nil
    }

    func countStray() { strays &+= 1 }
}

extension SctpState {
    init(_ state: SCTPState) {
        self =
            switch state {
            case .new: .new
            case .connecting: .connecting
            case .connected: .connected
            case .failed: .failed
            case .closed: .closed
            }
    }
}
