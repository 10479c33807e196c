// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// How much a worker logs.
public enum WorkerLogLevel: String, Codable, Hashable, Sendable, CaseIterable, Comparable {
    /// Nothing.
    case none
    /// What should not happen.
    case error
    /// What should be looked at.
    case warn
    /// Everything, of the chosen tags.
    case debug

    /// Whether `a` says less than `b`.
    public static func < (a: WorkerLogLevel, b: WorkerLogLevel) -> Bool { a.rank < b.rank }

    private var rank: Int {
        switch self {
        case .none: 0
        case .error: 1
        case .warn: 2
        case .debug: 3
        }
    }
}

/// What a worker's message is about; messages with a tag are logged only when the tag is chosen.
public enum WorkerLogTag: String, Codable, Hashable, Sendable, CaseIterable {
    /// Versions, settings and sockets.
    case info
    /// ICE.
    case ice
    /// DTLS.
    case dtls
    /// RTP.
    case rtp
    /// SRTP.
    case srtp
    /// RTCP.
    case rtcp
    /// Retransmission.
    case rtx
    /// Bandwidth estimation.
    case bwe
    /// Scores.
    case score
    /// Simulcast.
    case simulcast
    /// Scalable video.
    case svc
    /// SCTP.
    case sctp
    /// Data channels' messages.
    case message
}
