// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What the numbers in packets mean across the consumers of one transport, which share one bundle (RFC 9143).
///
/// A receiver finds a packet's codec by payload type and its extensions by id before it knows the media section, so
/// within a transport a payload type stands for one codec, an id for one extension, a MID and a synchronisation
/// source for one consumer. Bounded by what they are: 128 payload types, 255 ids, and as many MIDs and sources as
/// there are consumers.
package struct TransportNumbers: Sendable {
    private var codecs: [UInt8: (codec: RtpCodecParameters, media: RtpCodecParameters?, users: Int)] = [:]
    private var extensions: [UInt8: (uri: String, users: Int)] = [:]
    private var mids: Set<String> = []
    private var nextMid: UInt32 = 0
    /// Synchronisation sources in use.
    package private(set) var ssrcs: Set<UInt32> = []

    /// MIDs count up to this number and begin anew.
    private static let midLimit: UInt32 = 100_000_000

    package init() {}

    /// The next number that is free as a MID.
    package mutating func makeMid() -> String {
        while true {
            let mid = String(nextMid)
            nextMid = (nextMid &+ 1) % Self.midLimit
            if !mids.contains(mid) { return mid }
        }
    }

    /// Takes the numbers of a new consumer, all or none.
    ///
    /// - Throws: ``ORTCError`` when one of them has another meaning on this transport.
    package mutating func reserve(_ parameters: RtpParameters) throws(ORTCError) {
        if let mid = parameters.mid, mids.contains(mid) { throw .invalid("mid \"\(mid)\" already exists") }
        for codec in parameters.codecs {
            guard let present = codecs[codec.payloadType] else { continue }
            let same =
                if present.codec == codec, present.media == Self.media(of: codec, in: parameters) {
                    true
                } else if let media = present.media {
                    Self.media(of: codec, in: parameters).map { ORTC.matches(media, $0) && codec.isRtx } ?? false
                } else {
                    !codec.isRtx && ORTC.matches(present.codec, codec)
                }
            guard same else {
                throw .invalid("payload type \(codec.payloadType) already stands for \(present.codec.mimeType)")
            }
        }
        for ext in parameters.headerExtensions {
            guard let present = extensions[ext.id], present.uri != ext.uri else { continue }
            throw .invalid("header extension id \(ext.id) already stands for \(present.uri)")
        }
        let sources = Self.ssrcs(of: parameters)
        guard ssrcs.isDisjoint(with: sources) else { throw .invalid("ssrc already exists") }

        if let mid = parameters.mid { mids.insert(mid) }
        ssrcs.formUnion(sources)
        for codec in parameters.codecs {
            let users = codecs[codec.payloadType]?.users ?? 0
            codecs[codec.payloadType] = (codec, Self.media(of: codec, in: parameters), users + 1)
        }
        for ext in parameters.headerExtensions {
            extensions[ext.id] = (ext.uri, (extensions[ext.id]?.users ?? 0) + 1)
        }
    }

    /// Gives back the numbers of a consumer that is gone; they were reserved before.
    package mutating func release(_ parameters: RtpParameters) {
        if let mid = parameters.mid { mids.remove(mid) }
        ssrcs.subtract(Self.ssrcs(of: parameters))
        for codec in parameters.codecs {
            guard let present = codecs[codec.payloadType] else { continue }
            codecs[codec.payloadType] =
                present.users > 1 ? (present.codec, present.media, present.users - 1) : nil
        }
        for ext in parameters.headerExtensions {
            guard let present = extensions[ext.id] else { continue }
            extensions[ext.id] = present.users > 1 ? (present.uri, present.users - 1) : nil
        }
    }

    /// The codec that an RTX codec retransmits.
    private static func media(of codec: RtpCodecParameters, in parameters: RtpParameters) -> RtpCodecParameters? {
        guard codec.isRtx, let apt = codec.associatedPayloadType else { return nil }
        return parameters.codecs.first { $0.payloadType == apt }
    }

    private static func ssrcs(of parameters: RtpParameters) -> [UInt32] {
        parameters.encodings.flatMap { [$0.ssrc, $0.rtx?.ssrc].compactMap(\.self) }
    }
}
