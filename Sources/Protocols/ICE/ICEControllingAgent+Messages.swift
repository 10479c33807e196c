// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSTUN
package import SwiftletWire

extension ICEControllingAgent {
    /// Takes in one STUN datagram, or what may be one.
    package mutating func receive(
        _ datagram: Span<UInt8>,
        from tuple: Tuple,
        transport: ICETransport = .udp,
        now: Instant
    ) {
        guard state != .closed, !outputs.isFull, locals.contains(where: { $0.socket == tuple.socket }) else { return }
        do {
            let message = try STUNMessageView(parsing: datagram)
            switch message.messageClass {
            case .request: handleRequest(message, from: tuple, transport: transport, now: now)
            case .success: handleSuccess(message, from: tuple, now: now)
            case .error: handleError(message, from: tuple, now: now)
            case .indication: break
            }
        } catch {
            return
        }
    }

    // MARK: Answers

    private mutating func handleSuccess(_ message: borrowing STUNMessageView, from tuple: Tuple, now: Instant) {
        // Source and destination of the answer must mirror the request's, RFC 8445 §7.2.5.2.1.
        guard let remoteKey, state != .failed, let index = pairs.firstIndex(where: { $0.tuple == tuple }),
            pairs[index].expects(message.transactionID), message.isAuthentic(key: remoteKey.hmac)
        else { return }
        pairs[index].lastAnswer = now
        pairs[index].consentChecks.removeAll { $0 == message.transactionID }
        if pairs[index].nextConsentCheck == nil {
            pairs[index].nextConsentCheck = now + jittered(Self.keepaliveInterval)
        }
        if let check = pairs[index].check, check.transactionID == message.transactionID {
            pairs[index].check = nil
            pairs[index].state = .succeeded
            firstSuccess = firstSuccess ?? now
            if check.nominates || pairs[index].isNominatedByPeer && role == .controlled { select(index, now: now) }
        } else if tuple == selectedTuple, pairs[index].state == .failed {
            pairs[index].state = .succeeded
        }
        if tuple == selectedTuple {
            consentExpiry = now + Self.consentTimeout
            if state == .disconnected, isNominated { recover() }
        }
        nominateIfDue(now: now)
    }

    /// Stays with the selected pair, which answered again before another took over.
    private mutating func recover() {
        searchingSince = nil
        for other in pairs.indices where pairs[other].check?.nominates == true { pairs[other].check = nil }
        enter(.connected)
    }

    private mutating func handleError(_ message: borrowing STUNMessageView, from tuple: Tuple, now: Instant) {
        // Unsigned errors count too, since mediasoup sends them so; knowing the transaction is proof enough.
        guard let index = pairs.firstIndex(where: { $0.tuple == tuple }), let check = pairs[index].check,
            check.transactionID == message.transactionID
        else { return }
        pairs[index].check = nil
        guard message.errorCode == STUNErrorCode.roleConflict.rawValue, !(isRemoteLite && role == .controlling) else {
            pairs[index].state = .failed
            return
        }
        if role == check.role { switchRole() }
        pairs[index].state = .waiting
        pairs[index].isTriggered = true
        nextPacedCheck = nextPacedCheck ?? now
    }

    private mutating func switchRole() {
        role = role == .controlling ? .controlled : .controlling
        tieBreaker = random.next()
    }

    // MARK: Requests of a full peer

    private mutating func handleRequest(
        _ message: borrowing STUNMessageView,
        from tuple: Tuple,
        transport: ICETransport,
        now: Instant
    ) {
        // Before the start there is no pair to note a nomination on, so the peer has to ask again.
        guard remoteKey != nil, let fragment = message.localUsernameFragment, fragment.matches(localKey.fragment.span),
            message.isAuthentic(key: localKey.hmac), message.method == .binding
        else { return }
        if !message.unknownRequiredAttributes.isEmpty { return refuse(message, from: tuple, with: .unknownAttribute) }
        guard let priority = message.priority, priority > 0, message.hasFingerprint else {
            return refuse(message, from: tuple, with: .badRequest)
        }
        guard settleRole(with: message) else { return refuse(message, from: tuple, with: .roleConflict) }
        let response = STUNMessageBuilder.bindingSuccess(
            to: message.transactionID,
            mappedAddress: tuple.remote,
            key: localKey.hmac
        )
        outputs.append(.send(response, tuple))
        trigger(tuple, transport: transport, priority: priority, isNomination: message.usesCandidate, now: now)
    }

    /// Decides a dispute about roles, RFC 8445 §7.3.1.1.
    ///
    /// - Returns: Whether the request may be answered with success: not so where the peer has to give way.
    private mutating func settleRole(with message: borrowing STUNMessageView) -> Bool {
        switch role {
        case .controlling:
            guard let theirs = message.iceControlling else { return true }
            guard tieBreaker < theirs else { return false }
        case .controlled:
            guard let theirs = message.iceControlled else { return true }
            guard tieBreaker >= theirs else { return false }
        }
        role = role == .controlling ? .controlled : .controlling
        return true
    }

    private mutating func refuse(
        _ message: borrowing STUNMessageView,
        from tuple: Tuple,
        with code: STUNErrorCode
    ) {
        let response = STUNMessageBuilder.errorResponse(
            to: message.transactionID,
            method: message.method,
            code: code,
            unknownAttributes: code == .unknownAttribute ? message.unknownRequiredAttributes : [],
            key: localKey.hmac
        )
        outputs.append(.send(response, tuple))
    }

    /// Checks back on the way that a peer has come, RFC 8445 §7.3.1.4, learning its address where it is new.
    private mutating func trigger(
        _ tuple: Tuple,
        transport: ICETransport,
        priority: UInt32,
        isNomination: Bool,
        now: Instant
    ) {
        if !pairs.contains(where: { $0.tuple == tuple }) {
            add(RemoteCandidate(address: tuple.remote, transport: transport, priority: priority), now: now)
        }
        guard state != .failed, let index = pairs.firstIndex(where: { $0.tuple == tuple }) else { return }
        if isNomination, role == .controlled {
            pairs[index].isNominatedByPeer = true
            if pairs[index].state == .succeeded, selectedTuple != tuple { select(index, now: now) }
        }
        guard pairs[index].state == .failed || pairs[index].state == .waiting else { return }
        pairs[index].state = .waiting
        pairs[index].isTriggered = true
        nextPacedCheck = nextPacedCheck ?? now
    }
}

extension CandidatePair {
    /// Whether an answer to this transaction is waited for.
    func expects(_ transactionID: STUNTransactionID) -> Bool {
        check?.transactionID == transactionID || consentChecks.contains(transactionID)
    }
}
