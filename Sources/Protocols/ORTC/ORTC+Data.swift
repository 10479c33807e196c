// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

extension ORTC {
    /// Checks how messages are to travel on a stream, and returns it with `ordered` filled in: true unless messages can be
    /// given up, which an ordered stream would wait for.
    package static func validated(_ parameters: SctpStreamParameters) throws(ORTCError) -> SctpStreamParameters {
        try require(parameters.streamId <= SctpStreamParameters.maximumStreamId, "invalid params.streamId")
        try require(
            parameters.maxPacketLifeTime == nil || parameters.maxRetransmits == nil,
            "cannot provide both maxPacketLifeTime and maxRetransmits"
        )
        try require(
            parameters.ordered != true || !parameters.isPartiallyReliable,
            "cannot be ordered with maxPacketLifeTime or maxRetransmits"
        )
        var result = parameters
        result.ordered = parameters.ordered ?? !parameters.isPartiallyReliable
        return result
    }
}
