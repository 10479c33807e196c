// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC

/// What was negotiated with one peer so far, so that the two hundredth producer of a room costs no negotiation.
///
/// Producers of a kind mostly have the same codecs and extensions, which the router keeps but once, and a peer the same
/// capabilities: they are compared by where they lie before they are compared by what they say.
struct ConsumerTemplates: Sendable {
    /// Negotiations that are remembered; the oldest is forgotten first.
    static let capacity = 8

    private struct Entry {
        var codecs: [RtpCodecParameters]
        var headerExtensions: [RtpHeaderExtensionParameters]
        var capabilities: RtpCapabilities
        var enableRtx: Bool?
        var forwardDependencyDescriptor: Bool
        var template: ConsumerTemplate
    }

    private var entries: [Entry] = []

    /// What the peer gets of producers like this one.
    mutating func template(
        of consumable: RtpParameters,
        _ options: ConsumerOptions
    ) throws(ORTCError) -> ConsumerTemplate {
        for entry in entries
        where entry.enableRtx == options.enableRtx
            && entry.forwardDependencyDescriptor == options.forwardDependencyDescriptor
            && entry.codecs == consumable.codecs && entry.headerExtensions == consumable.headerExtensions
            && entry.capabilities == options.rtpCapabilities
        {
            return entry.template
        }
        let template = try ORTC.consumerTemplate(
            consumable,
            capabilities: options.rtpCapabilities,
            enableRtx: options.enableRtx,
            forwardDependencyDescriptor: options.forwardDependencyDescriptor
        )
        if entries.count == Self.capacity { entries.removeFirst() }
        entries.append(
            Entry(
                codecs: consumable.codecs,
                headerExtensions: consumable.headerExtensions,
                capabilities: options.rtpCapabilities,
                enableRtx: options.enableRtx,
                forwardDependencyDescriptor: options.forwardDependencyDescriptor,
                template: template
            )
        )
        return template
    }
}
