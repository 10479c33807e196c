// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSTUN
import SwiftletWire

// MARK: Requests

extension ICELiteAgent {
    /// Whose request it is.
    private enum Requester {
        /// Nobody we know.
        case unknown
        /// One who knows a fragment, but not its password.
        case unproven
        /// One whose credentials have been replaced.
        case outdated
        case peer(ICEKey, generation: UInt64)
    }

    mutating func handle(
        _ message: borrowing STUNMessageView,
        from tuple: Tuple,
        transport: ICETransport,
        now: Instant
    ) {
        switch requester(of: message) {
        case .unknown:
            statistics.unknown &+= 1
        case .unproven:
            refuse(message, from: tuple, with: message.hasIntegrity ? .unauthenticated : .badRequest, key: nil)
        case .outdated:
            refuse(message, from: tuple, with: .unauthenticated, key: nil)
        case .peer(let key, let generation):
            if let code = objection(to: message) {
                refuse(message, from: tuple, with: code, key: key)
            } else {
                accept(message, from: tuple, transport: transport, key: key, generation: generation, now: now)
            }
        }
    }

    private func requester(of message: borrowing STUNMessageView) -> Requester {
        guard let fragment = message.localUsernameFragment else { return .unknown }
        if fragment.matches(current.fragment.span) {
            return message.isAuthentic(key: current.hmac) ? .peer(current, generation: generation) : .unproven
        }
        if let previous, fragment.matches(previous.fragment.span) {
            return message.isAuthentic(key: previous.hmac) ? .peer(previous, generation: generation &- 1) : .unproven
        }
        if let retired, fragment.matches(retired.fragment.span), message.isAuthentic(key: retired.hmac) {
            return .outdated
        }
        return .unknown
    }

    /// What is wrong with a request that is authentic, or `nil`.
    private func objection(to message: borrowing STUNMessageView) -> STUNErrorCode? {
        guard message.method == .binding, message.hasFingerprint else { return .badRequest }
        guard message.unknownRequiredAttributes.isEmpty else { return .unknownAttribute }
        guard let priority = message.priority, priority > 0 else { return .badRequest }
        return message.iceControlled == nil ? nil : .roleConflict
    }

    private mutating func refuse(
        _ message: borrowing STUNMessageView,
        from tuple: Tuple,
        with code: STUNErrorCode,
        key: ICEKey?
    ) {
        statistics.refused &+= 1
        let response = STUNMessageBuilder.errorResponse(
            to: message.transactionID,
            method: message.method,
            code: code,
            unknownAttributes: code == .unknownAttribute ? message.unknownRequiredAttributes : [],
            key: key?.hmac
        )
        outputs.append(.send(response, tuple))
    }

    private mutating func accept(
        _ message: borrowing STUNMessageView,
        from tuple: Tuple,
        transport: ICETransport,
        key: ICEKey,
        generation: UInt64,
        now: Instant
    ) {
        statistics.accepted &+= 1
        if generation == self.generation, previous != nil {
            retirePrevious()
            remoteNomination = 0
        }
        let response = STUNMessageBuilder.bindingSuccess(
            to: message.transactionID,
            mappedAddress: tuple.remote,
            key: key.hmac
        )
        outputs.append(.send(response, tuple))
        let index = note(tuple, transport: transport, priority: message.priority ?? 0, generation: generation, now: now)
        // Where there is a counter it decides alone; one that does not grow makes the request a plain check.
        let isRenomination = message.nomination.map { $0 > remoteNomination } ?? false
        let isNomination = message.nomination == nil ? message.usesCandidate : isRenomination
        if isRenomination, let nomination = message.nomination { remoteNomination = nomination }
        if isNomination { flows[index].lastUsed = now }
        switch state {
        case .new, .disconnected:
            select(index, now: now)
            enter(isNomination ? .completed : .connected)
        case .connected where isNomination:
            select(index, now: now)
            enter(.completed)
        case .completed where isRenomination || isNomination && outranksSelected(index, now: now):
            select(index, now: now)
        case .connected, .completed, .closed:
            break
        }
        restartConsent(now: now)
    }

    /// Whether USE-CANDIDATE on this flow moves the selection, once there was a nomination.
    ///
    /// A peer that puts it on every check, as Firefox does, must not move us to and fro with each; a peer whose NAT
    /// gave it another port must not be lost.
    private func outranksSelected(_ index: Int, now: Instant) -> Bool {
        guard let chosen = flows.first(where: { $0.tuple == selected }) else { return true }
        let flow = flows[index]
        if flow.generation != chosen.generation { return flow.generation > chosen.generation }
        if flow.priority > chosen.priority, !flow.isOverruled { return true }
        return now - max(chosen.lastUsed, selectedLastMedia ?? chosen.lastUsed) >= Self.silenceBeforeReselection
    }
}
