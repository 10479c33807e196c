// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// Finds the producer and encoding a packet belongs to: by SSRC, else by MID and RID, which teach the SSRC, RFC 8843
/// §9.2 and RFC 8852 §3.
///
/// The common hit is one comparison, any other known SSRC a probe of an open table. What peers can make it learn is
/// bounded: each encoding holds one media SSRC and one for retransmissions, and a new one takes the place of the old.
package final class StreamRouter {
    /// What an SSRC carries.
    package enum Role: UInt8, Sendable {
        case media
        case retransmission
    }

    /// Where a packet goes.
    package struct Route: Equatable, Sendable {
        /// The owner's handle of the producer.
        package var producer: Int
        /// Index into the producer's encodings.
        package var encoding: Int
        package var role: Role

        package init(producer: Int, encoding: Int, role: Role) {
            (self.producer, self.encoding, self.role) = (producer, encoding, role)
        }
    }

    /// What became of a packet's SSRC.
    package enum Outcome: Equatable, Sendable {
        /// Known before.
        case known(Route)
        /// Learnt from this packet; `replaced` is the SSRC that had the place and fell silent.
        case learned(Route, replaced: UInt32?)
        /// Belongs to nothing: drop it.
        case unknown
    }

    /// One encoding as signalled.
    package struct Encoding: Sendable {
        package var ssrc: UInt32?
        package var rtxSSRC: UInt32?
        /// Stream identifier, RFC 8851.
        package var rid: [UInt8]?
        package var payloadType: UInt8
        package var rtxPayloadType: UInt8?

        package init(
            ssrc: UInt32? = nil,
            rtxSSRC: UInt32? = nil,
            rid: [UInt8]? = nil,
            payloadType: UInt8,
            rtxPayloadType: UInt8? = nil
        ) {
            (self.ssrc, self.rtxSSRC, self.rid) = (ssrc, rtxSSRC, rid)
            (self.payloadType, self.rtxPayloadType) = (payloadType, rtxPayloadType)
        }
    }

    /// Why a producer cannot be registered; nothing of it is kept.
    package enum RegistrationError: Error, Equatable, Sendable {
        case ssrcInUse(UInt32)
        case midInUse
        case ridInUse
        /// A MID or RID is empty or above ``identifierLimit`` bytes.
        case invalidIdentifier
        /// The handle is registered already.
        case producerInUse
        /// More than ``producerLimit`` producers or ``encodingLimit`` encodings.
        case tooMany
    }

    /// Header-extension values of a packet whose SSRC is not known, as bytes; empty where absent.
    package struct Identifiers: ~Escapable {
        package let mid: Span<UInt8>
        package let rid: Span<UInt8>
        /// Identifier of the stream that a retransmission repairs, RFC 8852 §3.2.
        package let repairedRID: Span<UInt8>

        @_lifetime(copy mid, copy rid, copy repairedRID)
        package init(mid: Span<UInt8>, rid: Span<UInt8>, repairedRID: Span<UInt8>) {
            self.mid = mid
            self.rid = rid
            self.repairedRID = repairedRID
        }
    }

    /// Most bytes of a MID or RID: what a one-byte header element holds, RFC 8285 §4.2.
    package static let identifierLimit = 16
    /// Most producers of one transport.
    package static let producerLimit = 256
    /// Most encodings of one producer.
    package static let encodingLimit = 16
    /// How long an SSRC must be silent before another takes its place.
    package static let rebindSilence = Duration.seconds(1)

    private struct Binding {
        let signalled: Encoding
        var ssrc: UInt32?
        var rtxSSRC: UInt32?
    }

    private struct Producer {
        let handle: Int
        let mid: [UInt8]?
        var encodings: [Binding]
        let registeredAt: Instant
    }

    private var table = SSRCTable()
    private var producers: [Producer] = []
    /// Packets that belonged to nothing.
    package private(set) var unknownCount: UInt64 = 0

    package init() {}

    /// How many SSRCs are known.
    package var knownCount: Int { table.count }

    /// The route of a known SSRC; also notes that it was heard.
    package func lookup(_ ssrc: UInt32, now: Instant) -> Route? { table.find(ssrc, heard: now) }

    /// Finds the route of any packet, learning its SSRC if its identifiers or payload type tell whose it is.
    package func route(
        ssrc: UInt32,
        payloadType: UInt8,
        identifiers: borrowing Identifiers,
        now: Instant
    ) -> Outcome {
        if let route = table.find(ssrc, heard: now) { return .known(route) }
        guard let place = owner(of: identifiers),
            let (encoding, role) = match(producers[place], payloadType, identifiers, now: now)
        else {
            unknownCount &+= 1
            return .unknown
        }
        return bind(ssrc, place: place, encoding: encoding, role: role, now: now)
    }

    /// Adds a producer and what it signalled, all or nothing.
    package func register(
        producer handle: Int,
        mid: [UInt8]?,
        encodings: [Encoding],
        now: Instant
    ) throws(RegistrationError) {
        guard producers.count < Self.producerLimit, encodings.count <= Self.encodingLimit else { throw .tooMany }
        guard !producers.contains(where: { $0.handle == handle }) else { throw .producerInUse }
        for identifier in [mid].compactMap(\.self) + encodings.compactMap(\.rid)
        where identifier.isEmpty || identifier.count > Self.identifierLimit {
            throw .invalidIdentifier
        }
        if let mid, producers.contains(where: { $0.mid == mid }) { throw .midInUse }
        try checkRIDs(encodings, mid: mid)
        var added: [UInt32] = []
        for (index, encoding) in encodings.enumerated() {
            for (ssrc, role) in [(encoding.ssrc, Role.media), (encoding.rtxSSRC, .retransmission)] {
                guard let ssrc else { continue }
                let route = Route(producer: handle, encoding: index, role: role)
                guard table.insert(ssrc, route, now: now) else {
                    for ssrc in added { table.remove(ssrc) }
                    throw .ssrcInUse(ssrc)
                }
                added.append(ssrc)
            }
        }
        producers.append(
            Producer(
                handle: handle,
                mid: mid,
                encodings: encodings.map { Binding(signalled: $0, ssrc: $0.ssrc, rtxSSRC: $0.rtxSSRC) },
                registeredAt: now
            )
        )
    }

    /// Removes a producer and every SSRC of it.
    package func unregister(producer handle: Int) {
        producers.removeAll { $0.handle == handle }
        table.removeAll(of: handle)
    }

    private func checkRIDs(_ encodings: [Encoding], mid: [UInt8]?) throws(RegistrationError) {
        let rids = encodings.compactMap(\.rid)
        guard Set(rids).count == rids.count else { throw .ridInUse }
        guard mid == nil else { return }
        for producer in producers where producer.mid == nil {
            for binding in producer.encodings {
                if let rid = binding.signalled.rid, rids.contains(rid) { throw .ridInUse }
            }
        }
    }

    /// The producer that MID, or else RID, names.
    private func owner(of identifiers: borrowing Identifiers) -> Int? {
        if !identifiers.mid.isEmpty {
            for place in producers.indices {
                if let mid = producers[place].mid, mid.span.matches(identifiers.mid) { return place }
            }
        }
        let rid = identifiers.rid.isEmpty ? identifiers.repairedRID : identifiers.rid
        guard !rid.isEmpty else { return nil }
        for place in producers.indices where producers[place].mid == nil {
            for binding in producers[place].encodings {
                if let own = binding.signalled.rid, own.span.matches(rid) { return place }
            }
        }
        return nil
    }

    /// The encoding of `producer` that the packet belongs to, if its place is free.
    private func match(
        _ producer: Producer,
        _ payloadType: UInt8,
        _ identifiers: borrowing Identifiers,
        now: Instant
    ) -> (Int, Role)? {
        let rid = identifiers.rid.isEmpty ? identifiers.repairedRID : identifiers.rid
        for (index, binding) in producer.encodings.enumerated() {
            if let own = binding.signalled.rid, !rid.isEmpty {
                guard own.span.matches(rid) else { continue }
            } else if producer.encodings.count > 1 {
                // Several encodings, and nothing says which.
                continue
            }
            switch payloadType {
            case binding.signalled.payloadType:
                return isFree(binding.ssrc, producer, now: now) ? (index, .media) : nil
            case binding.signalled.rtxPayloadType:
                // Retransmissions mean nothing before there is media to repair.
                guard binding.ssrc != nil else { return nil }
                return isFree(binding.rtxSSRC, producer, now: now) ? (index, .retransmission) : nil
            default:
                return nil
            }
        }
        return nil
    }

    /// Whether the SSRC that holds a place was silent long enough, or there is none.
    private func isFree(_ ssrc: UInt32?, _ producer: Producer, now: Instant) -> Bool {
        guard let ssrc else { return true }
        let heard = table.lastHeard(ssrc) ?? producer.registeredAt
        return now - heard >= Self.rebindSilence
    }

    private func bind(_ ssrc: UInt32, place: Int, encoding: Int, role: Role, now: Instant) -> Outcome {
        let route = Route(producer: producers[place].handle, encoding: encoding, role: role)
        let replaced: UInt32?
        switch role {
        case .media:
            replaced = producers[place].encodings[encoding].ssrc
            producers[place].encodings[encoding].ssrc = ssrc
        case .retransmission:
            replaced = producers[place].encodings[encoding].rtxSSRC
            producers[place].encodings[encoding].rtxSSRC = ssrc
        }
        if let replaced { table.remove(replaced) }
        _ = table.insert(ssrc, route, now: now)
        return .learned(route, replaced: replaced)
    }
}
