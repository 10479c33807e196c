// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Which streams of an association we send on.
///
/// The lowest free one is taken. One that was closed is free again once both sides have reset it, RFC 8831 §6.7; when
/// nothing else is left, once we have.
struct OutgoingStreams {
    private enum Use {
        case taken
        /// Who has reset it.
        case closing(byUs: Bool, byPeer: Bool)
    }

    private var uses: [UInt16: Use] = [:]
    /// Streams that both sides have reset, and nobody has used since.
    private var closed: Set<UInt16> = []

    /// Whether `stream` may be taken.
    func isFree(_ stream: UInt16) -> Bool { uses[stream] == nil }

    /// Takes a given stream.
    ///
    /// - Returns: Whether it was free.
    mutating func take(_ stream: UInt16) -> Bool {
        guard isFree(stream) else { return false }
        uses[stream] = .taken
        reopen(stream)
        return true
    }

    /// Somebody uses a stream again, if only the peer.
    mutating func reopen(_ stream: UInt16) { closed.remove(stream) }

    /// Whether a reset by the peer is to be answered by one of ours: not when it is itself the answer.
    func answersReset(of stream: UInt16) -> Bool { !isClosing(stream) && !closed.contains(stream) }

    /// Takes the lowest free stream.
    ///
    /// - Parameters:
    ///   - candidates: Those that may be used at all, ascending.
    ///   - avoiding: Whether one is not to be taken for another reason.
    /// - Returns: The stream, or `nil` when none is free.
    mutating func takeLowest(
        of candidates: some Sequence<UInt16>,
        avoiding: (UInt16) -> Bool
    ) -> UInt16? {
        var halfClosed: UInt16?
        for stream in candidates where !avoiding(stream) {
            if take(stream) { return stream }
            if halfClosed == nil, case .closing(byUs: true, _) = uses[stream] { halfClosed = stream }
        }
        if let halfClosed { uses[halfClosed] = .taken }
        return halfClosed
    }

    /// Gives a stream back that nothing was ever sent on.
    mutating func release(_ stream: UInt16) { uses[stream] = nil }

    /// Begins to close a stream, as the peer has done already or not.
    mutating func close(_ stream: UInt16, byPeer: Bool) {
        if case .closing(let byUs, let wasByPeer) = uses[stream] {
            settle(stream, byUs: byUs, byPeer: byPeer || wasByPeer)
        } else {
            uses[stream] = .closing(byUs: false, byPeer: byPeer)
        }
    }

    /// The peer has agreed to our reset.
    mutating func resetDone(_ stream: UInt16) {
        guard case .closing(_, let byPeer) = uses[stream] else { return }
        settle(stream, byUs: true, byPeer: byPeer)
    }

    /// Whether it is being closed.
    func isClosing(_ stream: UInt16) -> Bool {
        if case .closing = uses[stream] { true } else { false }
    }

    private mutating func settle(_ stream: UInt16, byUs: Bool, byPeer: Bool) {
        uses[stream] = byUs && byPeer ? nil : .closing(byUs: byUs, byPeer: byPeer)
        if byUs && byPeer { closed.insert(stream) }
    }
}
