// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletICE
import SwiftletSTUN
import SwiftletWire
import Testing

func key(_ password: String) -> HMACSHA1 { HMACSHA1(key: Array(password.utf8).span) }

/// A browser's check, as a test wants it.
struct Check {
    var method = STUNMethod.binding
    var messageClass = STUNClass.request
    var priority: UInt32? = 1_000_000
    var usesCandidate = false
    var nomination: UInt32?
    var isControlled = false
    var unknown: [UInt16] = []
    var isSigned = true
    var hasFingerprint = true
    var id: UInt64 = 1

    static var plain: Check { Check() }
    static func use(priority: UInt32 = 1_000_000) -> Check { Check(priority: priority, usesCandidate: true) }
    static func nominate(_ value: UInt32) -> Check { Check(nomination: value) }

    func bytes(for credentials: ICECredentials) -> [UInt8] {
        var builder = STUNMessageBuilder(
            messageClass,
            method: method,
            transactionID: STUNTransactionID(high: 9, low: id)
        )
        builder.add(STUNAttribute.username, credentials.usernameFragment + ":peer")
        if let priority { builder.add(STUNAttribute.priority, priority) }
        builder.add(isControlled ? STUNAttribute.iceControlled : STUNAttribute.iceControlling, 7 as UInt64)
        if usesCandidate { builder.add(STUNAttribute.useCandidate, []) }
        if let nomination { builder.add(STUNAttribute.nomination, nomination) }
        for type in unknown { builder.add(type, [1, 2, 3]) }
        let whole = builder.finish(key: isSigned ? key(credentials.password) : nil)
        guard !hasFingerprint else { return whole }
        var bytes = Array(whole.dropLast(8))
        let length = UInt16(bytes.count - 20)
        (bytes[2], bytes[3]) = (UInt8(length >> 8), UInt8(length & 0xFF))
        return bytes
    }
}

/// An answer, read.
struct Answer: Equatable {
    var isSuccess: Bool
    var code: UInt16?
    var mapped: SocketAddress?
    var isSigned: Bool
    var length: Int
}

/// A lite agent with a clock and an owner who follows its outputs, and who checks after each step that they agree with
/// the agent's state.
struct LiteBench {
    var agent: ICELiteAgent
    var now = Instant(nanoseconds: 0)
    var states: [ICELiteAgent.State] = []
    var selections: [Tuple?] = []
    var retired: [String] = []
    var sent: [([UInt8], Tuple)] = []
    private var tuples: Set<Tuple> = []
    private var steps = 0
    var random = SeededRandom(seed: 11)

    init(consentTimeout: Duration = ICELiteAgent.defaultConsentTimeout) {
        agent = ICELiteAgent(credentials: ICECredentials(using: &random), consentTimeout: consentTimeout)
    }

    static func tuple(_ port: UInt16, socket: UInt32 = 1) -> Tuple {
        Tuple(socket: SocketID(rawValue: socket), remote: SocketAddress(ipv4: 0xC000_0201, port: port))
    }

    /// Sends a check and returns the answer, if there is one.
    @discardableResult
    mutating func check(
        _ check: Check = .plain,
        from port: UInt16,
        credentials: ICECredentials? = nil,
        transport: ICETransport = .udp
    ) -> Answer? {
        receive(check.bytes(for: credentials ?? agent.credentials), from: Self.tuple(port), transport: transport)
    }

    @discardableResult
    mutating func receive(_ bytes: [UInt8], from tuple: Tuple, transport: ICETransport = .udp) -> Answer? {
        let before = sent.count
        agent.receive(bytes.span, from: tuple, transport: transport, now: now)
        follow()
        guard sent.count > before, let (answer, target) = sent.last else { return nil }
        #expect(sent.count == before + 1 && target == tuple)
        guard let view = try? STUNMessageView(parsing: answer.span) else { return nil }
        return Answer(
            isSuccess: view.messageClass == .success,
            code: view.errorCode,
            mapped: view.mappedAddress,
            isSigned: view.hasIntegrity,
            length: answer.count
        )
    }

    mutating func media(from port: UInt16) {
        agent.noteAuthenticated(from: Self.tuple(port), now: now)
        follow()
    }

    mutating func remove(_ port: UInt16) {
        agent.remove(Self.tuple(port), now: now)
        follow()
    }

    @discardableResult
    mutating func restart() -> ICECredentials {
        let credentials = ICECredentials(using: &random)
        agent.restart(credentials: credentials, now: now)
        follow()
        return credentials
    }

    mutating func close() {
        agent.close()
        follow()
    }

    /// Moves the clock, firing every deadline on the way.
    mutating func advance(by duration: Duration) {
        let end = now + duration
        while let deadline = agent.nextDeadline, deadline <= end {
            now = max(now, deadline)
            agent.handleTimeout(now: now)
            follow()
            #expect(agent.nextDeadline.map { $0 > now } ?? true)
        }
        now = end
    }

    private mutating func follow() {
        var isChanged = false
        while let output = agent.poll() {
            if case .send = output {} else { isChanged = true }
            switch output {
            case .send(let bytes, let tuple): sent.append((bytes, tuple))
            case .stateChanged(let state): states.append(state)
            case .selectedTupleChanged(let tuple): selections.append(tuple)
            case .tupleAdded(let tuple): #expect(tuples.insert(tuple).inserted)
            case .tupleRemoved(let tuple): #expect(tuples.remove(tuple) != nil)
            case .localUsernameFragmentRetired(let fragment): retired.append(fragment)
            }
        }
        steps += 1
        guard isChanged || steps.isMultiple(of: 16) else { return }
        #expect(Set(agent.tuples) == tuples && agent.tuples.count == tuples.count)
        #expect(tuples.count <= ICELiteAgent.maximumTuples)
        #expect((states.last ?? .new) == agent.state)
        #expect(selections.last ?? nil == agent.selectedTuple)
        let isUp = agent.state == .connected || agent.state == .completed
        #expect(isUp == (agent.selectedTuple != nil) && isUp == !tuples.isEmpty)
        #expect(agent.selectedTuple.map { tuples.contains($0) } ?? true)
    }
}

/// Whether a message carries a signature made with these credentials' password.
func isSigned(_ bytes: [UInt8], by credentials: ICECredentials) -> Bool {
    guard let view = try? STUNMessageView(parsing: bytes.span) else { return false }
    return view.isAuthentic(key: key(credentials.password))
}
