// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// Where resets of streams stand, ours and the peer's, RFC 6525.
struct StreamResets {
    /// Refusals in a row after which our request is given up.
    static let refusalsLimit = 8

    /// The number of our next request; the first is our initial TSN.
    var nextRequest: UInt32
    /// The request that the peer has not answered for good; one at a time, RFC 6525 §5.1.1.
    var current: OutgoingReset?
    /// How often it was answered with "not now".
    var refusals = 0
    /// How often it was sent without an answer.
    var attempts = 0
    /// The number of the peer's next request.
    var expected: UInt32
    /// Our answer to the request before, to be given again.
    var lastAnswer: ReconfigurationResult?
    /// A request of the peer's that waits for data.
    var isDeferred = false
    /// The request of the peer's that our next one answers too.
    var demand: UInt32?

    init(nextRequest: UInt32, expected: UInt32 = 0) {
        (self.nextRequest, self.expected) = (nextRequest, expected)
    }
}

extension AssociationCore {
    /// Begins anew on an outgoing stream, once what is queued on it was sent; RFC 6525 §5.1.2.
    ///
    /// Until ``Output/outgoingStreamsReset(_:)`` names it, nothing can be sent on it. Does nothing when the peer does
    /// not know how.
    mutating func resetStream(_ stream: UInt16, now: Instant) {
        guard phase != .ended, stream < negotiated?.outgoingStreams ?? configuration.outgoingStreams,
            negotiated?.streamReset != false
        else { return }
        queue.beginReset(of: stream)
        isIdle = false
        requestReset(now: now)
    }

    /// Asks for what is ready to be reset, unless a request stands.
    mutating func requestReset(now: Instant) {
        guard queue.hasResets, phase == .established, resets.current == nil,
            negotiated?.streamReset == true
        else {
            return
        }
        let limit = PacketWriter.maximumResetStreams(limit: packetSize)
        let streams = Array(queue.streamsReadyForReset.prefix(limit))
        guard !streams.isEmpty else { return }
        for stream in streams { queue.existing(stream)?.reset = .requested }
        resets.current = OutgoingReset(
            request: resets.nextRequest,
            response: resets.demand ?? resets.expected &- 1,
            lastTSN: OutstandingData.tsn(outstanding.next - 1),
            streams: streams
        )
        resets.nextRequest &+= 1
        (resets.demand, resets.refusals, resets.attempts) = (nil, 0, 0)
        sendReset(now: now)
    }

    private mutating func sendReset(now: Instant) {
        guard let request = resets.current else { return }
        enqueue(.reconfiguration([.outgoingReset(request)]))
        let wait = timeout.current * (1 << min(resets.attempts, 3))
        timers.reset = now + min(wait, max(timeout.current, RetransmissionTimeout.backoffMaximum))
        resets.attempts += 1
    }

    mutating func resetTimedOut(now: Instant) {
        guard resets.current != nil, phase == .established || phase == .shutdownPending else { return }
        sendReset(now: now)
    }

    // MARK: What the peer says

    /// Takes in a RE-CONFIG, RFC 6525 §5.2.
    mutating func receiveReconfiguration(_ chunk: borrowing ChunkView, now: Instant) {
        guard negotiated?.streamReset == true, mayExchangeData,
            let parameters = try? ReconfigurationParameter.parse(chunk)
        else { return breach() }
        for parameter in parameters {
            switch parameter {
            case .response(let response): receiveResponse(response, now: now)
            case .outgoingReset(let request):
                guard isNew(request.request) else { continue }
                let result = receiver.reset(request)
                resets.isDeferred = result == .inProgress
                conclude(request.request, result)
            case .incomingReset(let number, let streams):
                if isNew(number) { conclude(number, resetOnDemand(number, streams, now: now)) }
            case .addOutgoingStreams(let number, let count):
                if isNew(number) { conclude(number, grant(count)) }
            case .tsnReset(let number), .addIncomingStreams(let number, _):
                if isNew(number) { conclude(number, .denied) }
            }
        }
    }

    /// Whether a request is to be looked at; the one before is answered as it was, all others with an error.
    private mutating func isNew(_ number: UInt32) -> Bool {
        if number == resets.expected { return true }
        let last = number == resets.expected &- 1 ? resets.lastAnswer : nil
        respond(to: number, last ?? .badSequenceNumber)
        return false
    }

    /// Answers a new request; one that must wait for another comes again under its number.
    private mutating func conclude(_ number: UInt32, _ result: ReconfigurationResult) {
        if result != .alreadyInProgress {
            resets.expected &+= 1
            resets.lastAnswer = result
        }
        respond(to: number, result)
    }

    private mutating func respond(to number: UInt32, _ result: ReconfigurationResult) {
        enqueue(.reconfiguration([.response(ReconfigurationResponse(request: number, result: result))]))
    }

    /// Tells that a reset which had to wait for data has been performed.
    mutating func answerDeferredReset(now: Instant) {
        guard resets.isDeferred, !receiver.hasPendingReset else { return }
        (resets.isDeferred, resets.lastAnswer) = (false, .performed)
        respond(to: resets.expected &- 1, .performed)
    }

    /// Resets our own streams because the peer wants it, RFC 6525 §5.2.3; all in use when it names none.
    private mutating func resetOnDemand(
        _ number: UInt32,
        _ streams: [UInt16],
        now: Instant
    )
        -> ReconfigurationResult
    {
        let limit = negotiated?.outgoingStreams ?? 0
        guard streams.allSatisfy({ $0 < limit }) else { return .wrongSSN }
        guard resets.current == nil else { return .alreadyInProgress }
        let known = streams.isEmpty ? queue.streamsInUse : streams
        guard !known.isEmpty else { return .nothingToDo }
        for stream in known { queue.beginReset(of: stream) }
        resets.demand = number
        requestReset(now: now)
        return .performed
    }

    /// Grants more of the peer's streams, as far as we grant any, RFC 6525 §5.2.5.
    private mutating func grant(_ count: UInt16) -> ReconfigurationResult {
        guard var agreed = negotiated else { return .denied }
        let (sum, overflow) = agreed.incomingStreams.addingReportingOverflow(count)
        guard !overflow, sum <= configuration.incomingStreams else { return .denied }
        agreed.incomingStreams = sum
        negotiated = agreed
        receiver.incomingStreams = sum
        return .performed
    }

    /// Takes in the answer to our request, RFC 6525 §5.2.7.
    private mutating func receiveResponse(_ response: ReconfigurationResponse, now: Instant) {
        guard let current = resets.current, response.request == current.request else { return }
        timeouts = 0
        if response.result == .inProgress || response.result == .alreadyInProgress {
            resets.refusals += 1
            if response.result == .inProgress || resets.refusals < StreamResets.refusalsLimit {
                resets.attempts = 0
                timers.reset = now + timeout.current
                return
            }
        }
        timers.reset = nil
        resets.current = nil
        for stream in current.streams {
            queue.finishReset(of: stream, performed: response.result.isSuccess)
        }
        if response.result.isSuccess { outputs.append(.outgoingStreamsReset(current.streams)) }
        requestReset(now: now)
    }
}
