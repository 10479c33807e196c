// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSTUN
package import SwiftletWire

extension ICEControllingAgent {
    /// When to call ``handleTimeout(now:)``, or `nil` to wait for the network alone.
    package var nextDeadline: Instant? {
        guard state != .new, state != .closed, state != .failed else { return nil }
        var next = consentExpiry
        if pairs.contains(where: { $0.state == .waiting }) { next = earliest(next, nextPacedCheck) }
        for pair in pairs { next = earliest(next, earliest(pair.check?.nextStep, pair.nextConsentCheck)) }
        if state == .connected, let lastAnswer = selectedPair.flatMap({ pairs[$0].lastAnswer }) {
            next = earliest(next, lastAnswer + Self.disconnectedAfter)
        }
        if canNominate, !isNominated, let firstSuccess, bestWorkingPair != nil {
            next = earliest(next, firstSuccess + Self.nominationPatience)
        }
        return next
    }

    /// Sends what is due and gives up what has waited too long.
    package mutating func handleTimeout(now: Instant) {
        guard state != .new, state != .closed, state != .failed else { return }
        if let consentExpiry, consentExpiry <= now { return fail() }
        for index in pairs.indices {
            stepCheck(of: index, now: now)
            stepConsent(of: index, now: now)
        }
        if let nextPacedCheck, nextPacedCheck <= now, let index = nextWaitingPair {
            startCheck(on: index, nominating: false, now: now)
            self.nextPacedCheck = now + Self.pacing
        }
        if state == .connected, let lastAnswer = selectedPair.flatMap({ pairs[$0].lastAnswer }),
            now >= lastAnswer + Self.disconnectedAfter
        {
            search(as: .disconnected, now: now)
        }
        nominateIfDue(now: now)
        if selectedTuple == nil, consentExpiry == nil, !pairs.isEmpty, pairs.allSatisfy({ $0.state == .failed }) {
            fail()
        }
    }

    private mutating func fail() {
        unselect()
        consentExpiry = nil
        for index in pairs.indices {
            (pairs[index].check, pairs[index].nextConsentCheck, pairs[index].state) = (nil, nil, .failed)
        }
        enter(.failed)
    }

    // MARK: Checks

    var selectedPair: Int? { pairs.firstIndex { $0.tuple == selectedTuple } }

    private var nextWaitingPair: Int? {
        pairs.indices.filter { pairs[$0].state == .waiting }.max { a, b in
            if pairs[a].isTriggered != pairs[b].isTriggered { return pairs[b].isTriggered }
            return pairs[a].priority(for: role) < pairs[b].priority(for: role)
        }
    }

    mutating func startCheck(on index: Int, nominating: Bool, now: Instant) {
        if nominating, usesRenomination { nominationCount &+= 1 }
        let (transactionID, bytes) = request(on: index, nominating: nominating)
        // Nothing is sent again over TCP, RFC 8489 §6.2.2.
        let wait = pairs[index].transport == .tcp ? Self.checkTimeout : Self.retransmission
        pairs[index].isTriggered = false
        pairs[index].state = nominating ? .succeeded : .inProgress
        pairs[index].check = CandidatePair.Check(
            transactionID: transactionID,
            bytes: bytes,
            nominates: nominating,
            role: role,
            deadline: now + Self.checkTimeout,
            wait: wait,
            nextStep: now + wait
        )
        outputs.append(.send(bytes, pairs[index].tuple))
    }

    private mutating func stepCheck(of index: Int, now: Instant) {
        guard var check = pairs[index].check, check.nextStep <= now else { return }
        guard now < check.deadline else {
            pairs[index].check = nil
            pairs[index].state = .failed
            return
        }
        check.wait = min(check.wait * 2, Self.longestRetransmission)
        check.nextStep = min(now + check.wait, check.deadline)
        pairs[index].check = check
        outputs.append(.send(check.bytes, pairs[index].tuple))
    }

    /// Sends a consent check on the selected pair, a keep-alive on others that work; never twice the same.
    private mutating func stepConsent(of index: Int, now: Instant) {
        guard let due = pairs[index].nextConsentCheck, due <= now else { return }
        let isSelected = pairs[index].tuple == selectedTuple
        guard isSelected || pairs[index].state == .succeeded else {
            pairs[index].nextConsentCheck = nil
            return
        }
        // Like Chrome, so that a server whom our NAT shows another port moves there.
        let nominating = isSelected && isNominated && role == .controlling && !usesRenomination
        let (transactionID, bytes) = request(on: index, nominating: nominating)
        if pairs[index].consentChecks.count >= 8 { pairs[index].consentChecks.removeFirst() }
        pairs[index].consentChecks.append(transactionID)
        pairs[index].nextConsentCheck = now + jittered(isSelected ? Self.consentInterval : Self.keepaliveInterval)
        outputs.append(.send(bytes, pairs[index].tuple))
    }

    private mutating func request(on index: Int, nominating: Bool) -> (STUNTransactionID, [UInt8]) {
        let transactionID = STUNTransactionID(high: random.next(), low: random.next())
        guard let remoteKey else { return (transactionID, []) }
        let local = locals.first { $0.socket == pairs[index].tuple.socket }
        var builder = STUNMessageBuilder(.request, transactionID: transactionID)
        builder.add(
            STUNAttribute.username,
            remoteKey.credentials.usernameFragment + ":" + localKey.credentials.usernameFragment
        )
        builder.add(STUNAttribute.priority, local?.checkPriority ?? pairs[index].localPriority)
        let roleAttribute = role == .controlling ? STUNAttribute.iceControlling : STUNAttribute.iceControlled
        builder.add(roleAttribute, tieBreaker)
        if nominating {
            if usesRenomination {
                builder.add(STUNAttribute.nomination, nominationCount)
            } else {
                builder.add(STUNAttribute.useCandidate, [])
            }
        }
        return (transactionID, builder.finish(key: remoteKey.hmac))
    }

    // MARK: Nomination

    /// Whether it is for us to nominate, and no nomination is under way.
    private var canNominate: Bool {
        role == .controlling && !pairs.contains { $0.check?.nominates == true }
    }

    /// The best pair that has answered since the search began.
    private var bestWorkingPair: Int? {
        pairs.indices.filter { index in
            guard pairs[index].state == .succeeded, let lastAnswer = pairs[index].lastAnswer else { return false }
            return searchingSince.map { lastAnswer >= $0 } ?? true
        }.max { pairs[$0].priority(for: role) < pairs[$1].priority(for: role) }
    }

    mutating func nominateIfDue(now: Instant) {
        guard canNominate, let best = bestWorkingPair else { return }
        switch state {
        case .checking,
            .connected where !isNominated:
            let rank = pairs[best].priority(for: role)
            let isBetterOpen = pairs.contains {
                ($0.state == .waiting || $0.state == .inProgress) && $0.priority(for: role) > rank
            }
            let isPatienceOver = firstSuccess.map { now >= $0 + Self.nominationPatience } ?? true
            guard !isBetterOpen || isPatienceOver else { return }
        case .connected:
            // Only renomination may leave a pair that works, RFC 8445 §8.1.1.
            guard usesRenomination, let selectedPair, best != selectedPair,
                pairs[best].priority(for: role) > pairs[selectedPair].priority(for: role)
            else { return }
        case .disconnected:
            guard !isNominated || pairs[best].tuple != selectedTuple else { return }
        case .new, .failed, .closed:
            return
        }
        startCheck(on: best, nominating: true, now: now)
    }
}
