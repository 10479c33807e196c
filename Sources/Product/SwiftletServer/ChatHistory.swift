// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
package import SwiftletSignaling
import Synchronization

/// What was written in a room's chat: the last texts, within bounds, for those who come later.
///
/// It takes whatever peers send on their chat channels, and keeps what is a text. It outlives the room's worker, and for
/// a while the room; see ``Lobby``.
package final class ChatHistory: Sendable {
    /// Texts that are kept.
    package static let maximumTexts = 200
    /// Bytes of JSON that are kept, over all texts.
    package static let maximumBytes = 262_144
    /// Bytes of one message from a peer, JSON included.
    package static let messageBytes = 16_384
    /// Bytes of a text in UTF-8.
    package static let textBytes = 8_192
    /// Bytes of the id that a peer gives a text.
    package static let idBytes = 64
    /// Texts of one peer that are taken at once.
    package static let burst = 20.0
    /// Texts of one peer that are taken in a second, over time.
    package static let perSecond = 1.0
    /// Peers whose rate is watched at once.
    static let watchedPeers = 512

    /// What became of a message.
    package enum Outcome: Hashable, Sendable, CaseIterable {
        /// It is kept.
        case kept
        /// It is JSON, and something other than a text: no matter of the history.
        case other
        /// It is no JSON text with `type`, `id` and `text`.
        case malformed
        /// It, its text or its id is too long, or empty.
        case badLength
        /// The peer has sent a text with this id before.
        case repeated
        /// The peer sends too many.
        case tooMany
    }

    private struct Entry {
        let message: ChatMessage
        let bytes: Int
    }

    private struct State {
        var entries: [Entry] = []
        var bytes = 0
        var rates: [String: TokenBucket] = [:]
        var outcomes: [Outcome: Int] = [:]
    }

    private struct Text: Decodable {
        var type: String
        var id: String?
        var text: String?
    }

    private let state = Mutex(State())

    /// Nothing was written yet.
    package init() {}

    /// What is kept, the oldest first.
    package var messages: [ChatMessage] { state.withLock { $0.entries.map(\.message) } }

    /// Whether nothing is kept.
    package var isEmpty: Bool { state.withLock(\.entries.isEmpty) }

    /// How many messages ended in which way.
    package var outcomes: [Outcome: Int] { state.withLock(\.outcomes) }

    /// Takes in a message from a chat channel.
    ///
    /// - Parameters:
    ///   - message: What the peer sent as a string.
    ///   - peerId: Who sent it.
    ///   - displayName: The peer's name now.
    ///   - time: Milliseconds since 1970.
    ///   - now: For the peer's rate.
    /// - Returns: What became of it.
    @discardableResult
    package func take(
        _ message: String,
        from peerId: String,
        displayName: String,
        time: Int,
        now: ContinuousClock.Instant
    ) -> Outcome {
        // The rate comes first: reading JSON is what costs.
        guard state.withLock({ Self.spend(&$0, peerId, now) }) else { return count(.tooMany) }
        switch Self.read(message) {
        case .failure(let refusal):
            return count(refusal.outcome)
        case .success(let (id, text)):
            let message = ChatMessage(peerId: peerId, displayName: displayName, time: time, text: text, id: id)
            return state.withLock { state in
                let outcome = Self.keep(message, &state)
                state.outcomes[outcome, default: 0] += 1
                return outcome
            }
        }
    }

    private struct Refusal: Error {
        let outcome: Outcome
    }

    private static func read(_ message: String) -> Result<(id: String, text: String), Refusal> {
        guard (1...messageBytes).contains(message.utf8.count) else { return .failure(Refusal(outcome: .badLength)) }
        guard let message = try? JSONDecoder().decode(Text.self, from: Data(message.utf8)) else {
            return .failure(Refusal(outcome: .malformed))
        }
        guard message.type == "text" else { return .failure(Refusal(outcome: .other)) }
        guard let id = message.id, let text = message.text else { return .failure(Refusal(outcome: .malformed)) }
        guard (1...idBytes).contains(id.utf8.count), (1...textBytes).contains(text.utf8.count) else {
            return .failure(Refusal(outcome: .badLength))
        }
        return .success((id, text))
    }

    private static func spend(_ state: inout State, _ peerId: String, _ now: ContinuousClock.Instant) -> Bool {
        if state.rates[peerId] == nil {
            if state.rates.count >= watchedPeers {
                for name in Array(state.rates.keys) where state.rates[name]?.isFull(now: now) == true {
                    state.rates[name] = nil
                }
            }
            guard state.rates.count < watchedPeers else { return false }
            state.rates[peerId] = TokenBucket(burst: burst, perSecond: perSecond, now: now)
        }
        return state.rates[peerId]?.take(now: now) == true
    }

    private static func keep(_ message: ChatMessage, _ state: inout State) -> Outcome {
        guard !state.entries.contains(where: { $0.message.id == message.id && $0.message.peerId == message.peerId })
        else { return .repeated }
        var message = message
        // The wall clock may have been set back meanwhile.
        if let last = state.entries.last { message.time = max(message.time, last.message.time) }
        guard let bytes = try? JSONEncoder().encode(message).count, bytes <= maximumBytes else { return .badLength }
        state.entries.append(Entry(message: message, bytes: bytes))
        state.bytes += bytes
        var surplus = 0
        while state.entries.count - surplus > maximumTexts || state.bytes > maximumBytes {
            state.bytes -= state.entries[surplus].bytes
            surplus += 1
        }
        state.entries.removeFirst(surplus)
        return .kept
    }

    private func count(_ outcome: Outcome) -> Outcome {
        state.withLock { $0.outcomes[outcome, default: 0] += 1 }
        return outcome
    }
}
