// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// A message on its way out, and how far it got.
final class OutgoingMessage {
    let stream: UInt16
    let payloadProtocol: UInt32
    let payload: [UInt8]
    let isUnordered: Bool
    /// Retransmissions of a fragment that are tried.
    var retransmissions: Int
    /// When it is no longer worth sending.
    var expiry: Instant?
    /// Its SSN, or its MID with I-DATA; set when its first fragment leaves.
    var identifier: UInt32 = 0
    /// Bytes that have been cut into fragments.
    var cut = 0
    /// The next fragment's number.
    var fragments: UInt32 = 0
    /// Its first and last fragment, in the numbering of ``OutstandingData``.
    var first: Int64 = 0
    var last: Int64 = 0
    var isAbandoned = false

    init(_ message: SCTPMessage, limited: Bool, now: Instant) {
        stream = message.stream
        payloadProtocol = message.payloadProtocol.rawValue
        payload = message.payload
        isUnordered = message.isUnordered
        switch message.reliability {
        case .retransmissions(let count) where limited: (retransmissions, expiry) = (max(0, count), nil)
        case .lifetime(let duration) where limited: (retransmissions, expiry) = (.max, now + max(duration, .zero))
        default: (retransmissions, expiry) = (.max, nil)
        }
    }

    /// Whether it may be given up.
    var isLimited: Bool { retransmissions != .max || expiry != nil }
    /// Bytes not cut yet.
    var rest: Int { payload.count - cut }
}

/// The outgoing side of one stream.
final class OutgoingStream {
    /// How far the reset of a stream has come.
    enum Reset { case none, draining, ready, requested }

    let id: UInt16
    var messages = Fifo<OutgoingMessage>()
    /// Bytes of ``messages`` that are not cut yet.
    var buffered = 0
    /// Falling to it is told.
    var lowThreshold = 0
    /// The next SSN or MID, by whether messages are unordered.
    var nextOrdered: UInt32 = 0
    var nextUnordered: UInt32 = 0
    var reset = Reset.none
    /// Whether it is in the rotation.
    var isScheduled = false

    init(id: UInt16) { self.id = id }
}

/// A queue whose ends both cost little.
struct Fifo<Element> {
    private var elements: [Element?] = []
    private var head = 0

    var isEmpty: Bool { head == elements.count }
    var count: Int { elements.count - head }
    var first: Element? { head < elements.count ? elements[head] : nil }

    mutating func append(_ element: Element) {
        if head > 64, head * 2 > elements.count {
            elements.removeFirst(head)
            head = 0
        }
        elements.append(element)
    }

    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        let element = elements[head]
        elements[head] = nil
        head += 1
        if head == elements.count {
            elements.removeAll(keepingCapacity: head <= 256)
            head = 0
        }
        return element
    }

    mutating func removeAll() { self = Fifo() }

    func forEach(_ body: (Element) -> Void) {
        for case let element? in elements[head...] { body(element) }
    }
}
