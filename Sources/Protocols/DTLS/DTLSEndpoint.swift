// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL
import SwiftletCrypto
package import SwiftletWire

/// One end of a DTLS 1.2 connection that yields SRTP keys and carries application data, RFC 6347 and RFC 5764.
///
/// Told the time and handed datagrams; after every call its owner drains ``poll()`` and reads ``nextDeadline`` anew.
/// Datagrams that do not authenticate, or that the state does not ask for, are dropped without a word. In plaintext,
/// before the keys, DTLS cannot tell a forged message that is well formed from the peer's own: only packets from an
/// address that passed an ICE check should come here.
@safe
package final class DTLSEndpoint {
    /// Bytes of a DTLS datagram if the owner does not say otherwise.
    package static let defaultMTU = 1200
    /// The sizes that can be asked for; OpenSSL makes none smaller, and none larger crosses an Ethernet.
    package static let mtuRange = 256...1472
    /// Datagrams and messages that wait in ``poll()``; more are dropped as the network would drop them.
    package static let maximumOutputs = 256
    /// Records kept that came before their turn in the handshake, and the bytes of the longest.
    static let (maximumHeldRecords, maximumHeldRecord) = (8, 1500)

    package let role: DTLSRole
    package private(set) var state = DTLSState.new
    /// Records refused before decryption, and outputs dropped because nobody polled.
    package private(set) var dropped = 0
    /// The name of the cipher suite, once connected.
    package private(set) var cipherName: String?

    private let context: DTLSContext
    private let mtu: Int
    private let filter: RecordFilter
    private let pipe = DatagramPipe()
    private var ssl: OpaquePointer?
    private var timer = RetransmissionTimer()
    private var outputs: [DTLSOutput] = []
    private var nextOutput = 0
    /// Records that overtook others in the handshake.
    private var held: [[UInt8]] = []
    /// Seals and opens in place of OpenSSL once the handshake is over, under the suites that it knows.
    private var records: EstablishedRecords?
    /// The last record that OpenSSL sealed.
    private var lastSealed: EstablishedRecords.Position?
    /// What a server said last in the handshake, to be said again if the peer did not hear it.
    private var farewell: [[UInt8]] = []
    /// Whether application data flowed, so that OpenSSL's buffers are worth keeping.
    private var carriesData = false
    /// Whether OpenSSL's buffers were given back and not asked for since.
    private var hasFreedBuffers = false

    /// Makes an endpoint that does nothing, and holds little memory, until ``start(now:)``.
    ///
    /// - Parameters:
    ///   - context: The certificate and profiles; shared.
    ///   - role: Who speaks first.
    ///   - mtu: The most bytes of a datagram that we send, brought into ``mtuRange``.
    package init(context: DTLSContext, role: DTLSRole, mtu: Int = DTLSEndpoint.defaultMTU) {
        (self.context, self.role) = (context, role)
        self.mtu = min(max(mtu, Self.mtuRange.lowerBound), Self.mtuRange.upperBound)
        filter = RecordFilter(isClient: role == .client)
    }

    deinit { release() }

    /// When to call ``handleTimeout(now:)``, `nil` while only the network can bring news.
    package var nextDeadline: Instant? { state == .connecting ? timer.deadline : nil }

    /// The longest message that ``send(_:now:)`` takes, 0 unless connected.
    package var maximumMessageLength: Int {
        guard state == .connected else { return 0 }
        guard records == nil else { return mtu - EstablishedRecords.overhead }
        return Int(unsafe DTLS_get_data_mtu(ssl))
    }

    /// What there is to do, oldest first; call until `nil`.
    package func poll() -> DTLSOutput? {
        guard nextOutput < outputs.count else {
            outputs.removeAll()
            nextOutput = 0
            return nil
        }
        defer { nextOutput += 1 }
        return outputs[nextOutput]
    }

    /// Begins the handshake, once; a client speaks at once.
    package func start(now: Instant) {
        guard state == .new else { return }
        state = .connecting
        guard connect() else { return fail(.refused("no memory")) }
        if role == .client { handshake(now: now) }
    }

    /// Takes in one datagram; before ``start(now:)`` and after the end it is dropped.
    package func receive(_ datagram: Span<UInt8>, now: Instant) {
        var offset = 0
        while state == .connecting || state == .connected,
            let end = RecordFilter.endOfRecord(in: datagram, at: offset)
        {
            let record = datagram.extracting(offset..<end)
            offset = end
            switch filter.judge(record, in: phase) {
            case .admit:
                admit(record, now: now)
                releaseHeld(now: now)
            case .hold: hold(record)
            case .drop: dropped += 1
            }
        }
    }

    /// Sends the unanswered flight again, or gives up, if ``nextDeadline`` has come.
    package func handleTimeout(now: Instant) {
        guard state == .connecting, let ssl = unsafe ssl else { return }
        switch timer.expire(now: now) {
        case .notYet: return
        case .giveUp: fail(.timeout)
        case .resend:
            guard pipe.expireTimeout() else { return }
            ERR_clear_error()
            let result = unsafe SSL_ctrl(ssl, DTLS_CTRL_HANDLE_TIMEOUT, 0, nil)
            collect(now: now)
            if result < 0 { fail(lastFailure()) }
        }
    }

    /// Encrypts one message into one datagram.
    ///
    /// - Returns: Whether it was sent; not if we are not connected, or if it is empty or too long.
    package func send(_ message: Span<UInt8>, now: Instant) -> Bool {
        guard message.count > 0, message.count <= maximumMessageLength else { return false }
        if let records { return emit(records.seal(message, type: ContentType.applicationData)) }
        guard let ssl = unsafe ssl else { return false }
        carriesData = true
        restoreBuffers()
        ERR_clear_error()
        let written = unsafe message.withUnsafeBytes { bytes in
            unsafe SSL_write(ssl, bytes.baseAddress, Int32(bytes.count))
        }
        collect(now: now)
        guard written == Int32(message.count) else {
            fail(lastFailure())
            return false
        }
        return true
    }

    /// Says farewell if there is anyone to say it to, and ends the connection.
    package func close(now: Instant) {
        guard state != .closed, state != .failed else { return }
        if state == .connected { shutDown(now: now) }
        finish(.closed, .closed)
    }
}

// MARK: - The connection

extension DTLSEndpoint {
    private func connect() -> Bool {
        ERR_clear_error()
        guard let ssl = unsafe SSL_new(context.pointer), let bio = unsafe pipe.makeBIO(context.method) else {
            return false
        }
        unsafe self.ssl = ssl
        unsafe SSL_set_bio(ssl, bio, bio)
        unsafe SSL_ctrl(ssl, SSL_CTRL_SET_MTU, mtu, nil)
        // OpenSSL's own timer must never fire by the real clock: 1,000 s is longer than any handshake.
        unsafe DTLS_set_timer_cb(ssl) { _, _ in 1_000_000_000 }
        if role == .client { unsafe SSL_set_connect_state(ssl) } else { unsafe SSL_set_accept_state(ssl) }
        return true
    }

    private var phase: RecordFilter.Phase {
        guard state == .connecting, let ssl = unsafe ssl else { return .established }
        // What OpenSSL did last; RFC 5246 §7.3 says what comes next.
        return switch unsafe SSL_get_state(ssl) {
        case TLS_ST_SR_CHANGE, TLS_ST_CR_CHANGE: .cipherChanged
        case TLS_ST_SR_CERT_VRFY, TLS_ST_CW_FINISHED: .changeExpected
        default: timer.deadline == nil ? .awaitingHello : .plaintext
        }
    }

    /// Keeps a record that overtook others, for the oldest one that is kept if there are too many.
    private func hold(_ record: Span<UInt8>) {
        guard record.count <= Self.maximumHeldRecord else {
            dropped += 1
            return
        }
        if held.count == Self.maximumHeldRecords {
            dropped += 1
            held.removeFirst()
        }
        held.append(record.copied())
    }

    /// Hands OpenSSL what was kept, as far as its turn has come.
    private func releaseHeld(now: Instant) {
        while let index = held.firstIndex(where: { filter.judge($0.span, in: phase) == .admit }) {
            let record = held.remove(at: index)
            admit(record.span, now: now)
        }
        if state != .connecting { held = [] }
    }

    /// Takes in a record that has passed the filter.
    private func admit(_ record: Span<UInt8>, now: Instant) {
        guard let records else { return pipe.offering(record) { proceed(now: now) } }
        guard let opened = records.open(record) else {
            dropped += 1
            return
        }
        act(on: opened, now: now)
    }

    /// Does what an authentic record of an established connection asks for.
    private func act(on record: EstablishedRecords.Opened, now: Instant) {
        switch record.type {
        case ContentType.applicationData where !record.bytes.isEmpty:
            emit(.applicationData(record.bytes))
        case ContentType.alert where record.bytes.count == 2:
            // Level and description, RFC 5246 §7.2; warnings but close_notify say nothing to us.
            if record.bytes[1] == 0 {
                shutDown(now: now)
                finish(.closed, .closed)
            } else if record.bytes[0] == 2 {
                fail(.remoteAlert(record.bytes[1]))
            }
        case ContentType.handshake where record.bytes.first == 20:
            // A Finished again: the peer did not hear ours, RFC 6347 §4.2.4.
            for datagram in farewell { emit(.send(datagram)) }
        default: break
        }
    }

    /// Lets OpenSSL act on the record that the pipe offers.
    private func proceed(now: Instant) {
        if state == .connecting { handshake(now: now) }
        if state == .connected { readMessages(now: now) }
    }

    private func handshake(now: Instant) {
        guard let ssl = unsafe ssl else { return }
        ERR_clear_error()
        let result = unsafe SSL_do_handshake(ssl)
        let error = unsafe SSL_get_error(ssl, result)
        let isRefusedHello = result <= 0 && error != SSL_ERROR_WANT_READ && refusesHello()
        if isRefusedHello { return restart() }
        let said = collect(now: now)
        if result == 1 {
            if role == .server { farewell = said }
            complete()
        } else if error == SSL_ERROR_ZERO_RETURN {
            finish(.closed, .closed)
        } else if error == SSL_ERROR_SYSCALL, ERR_peek_error() == 0 {
            // A fragment that contradicts an earlier one: OpenSSL left it out and can go on.
            dropped += 1
        } else if error != SSL_ERROR_WANT_READ {
            fail(lastFailure())
        }
    }

    private func readMessages(now: Instant) {
        // A record makes at most one message; the others were waiting for the handshake's end.
        while state == .connected, let ssl = unsafe ssl {
            ERR_clear_error()
            let count = unsafe context.scratch.withUnsafeMutableBytes { buffer in
                unsafe SSL_read(ssl, buffer.baseAddress, Int32(buffer.count))
            }
            let error = unsafe SSL_get_error(ssl, count)
            if count > 0 {
                carriesData = true
                emit(.applicationData(Array(context.scratch[0..<Int(count)])))
                continue
            }
            collect(now: now)
            if error == SSL_ERROR_ZERO_RETURN {
                shutDown(now: now)
                finish(.closed, .closed)
            } else if error != SSL_ERROR_WANT_READ {
                fail(lastFailure())
            }
            break
        }
        freeBuffers()
    }

    private func complete() {
        guard let ssl = unsafe ssl else { return }
        guard let x509 = unsafe SSL_get1_peer_certificate(ssl) else { return fail(.refused("no certificate")) }
        defer { unsafe X509_free(x509) }
        guard let der = unsafe X509DER.bytes(of: x509) else { return fail(.refused("unreadable certificate")) }
        if let name = unsafe SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)) {
            cipherName = unsafe String(cString: name)
        }
        var material: SRTPKeyingMaterial?
        if let selected = unsafe SSL_get_selected_srtp_profile(ssl) {
            guard let profile = unsafe SRTPProfile(rawValue: UInt16(truncatingIfNeeded: selected.pointee.id)),
                let exported = exportKeys(for: profile)
            else { return fail(.refused("no SRTP keys")) }
            material = exported
        }
        state = .connected
        timer.stop()
        outputs.append(.handshakeComplete(material, remoteCertificate: der))
        takeOver()
        freeBuffers()
    }

    /// Lets OpenSSL's connection go where the rest can be done without it.
    private func takeOver() {
        guard context.ownsRecords, let ssl = unsafe ssl, let lastSealed,
            let keys = RecordKeys.derive(from: ssl, isClient: role == .client)
        else {
            farewell = []
            return
        }
        records = EstablishedRecords(keys: keys, after: lastSealed)
        release()
    }

    private func exportKeys(for profile: SRTPProfile) -> SRTPKeyingMaterial? {
        let label = "EXTRACTOR-dtls_srtp"  // RFC 5764 §4.2
        var bytes = [UInt8](repeating: 0, count: SRTPKeyingMaterial.exportedLength(of: profile))
        let result = unsafe SSL_export_keying_material(
            ssl,
            &bytes,
            bytes.count,
            label,
            label.utf8.count,
            nil,
            0,
            0
        )
        guard result == 1 else { return nil }
        return SRTPKeyingMaterial(profile: profile, exported: bytes.span, isClient: role == .client)
    }

    /// Gives back some 35 kB where the connection only served to make keys.
    private func freeBuffers() {
        guard state == .connected, !carriesData, let ssl = unsafe ssl else { return }
        if unsafe SSL_free_buffers(ssl) == 1 { hasFreedBuffers = true }
    }

    /// Makes OpenSSL allocate its buffers again before it writes.
    ///
    /// Reading does so by itself; writing into buffers that were freed crashes OpenSSL 3.0.
    private func restoreBuffers() {
        guard hasFreedBuffers, let ssl = unsafe ssl else { return }
        hasFreedBuffers = false
        ERR_clear_error()
        var byte: UInt8 = 0
        unsafe _ = SSL_peek(ssl, &byte, 1)
    }

    private func shutDown(now: Instant) {
        if let records {
            // close_notify, RFC 5246 §7.2.1
            let alert: InlineArray<2, UInt8> = [1, 0]
            emit(records.seal(alert.span, type: ContentType.alert))
            return
        }
        guard let ssl = unsafe ssl else { return }
        restoreBuffers()
        ERR_clear_error()
        unsafe SSL_shutdown(ssl)
        collect(now: now)
        ERR_clear_error()
    }
}

// MARK: - Ends and outputs

extension DTLSEndpoint {
    /// Whether a server that said nothing yet choked on a hello that may not be its peer's: forged or broken.
    ///
    /// A hello without common parameters is the peer's as far as anyone can tell, and an end.
    private func refusesHello() -> Bool {
        guard role == .server, timer.deadline == nil else { return false }
        let final = [SSL_R_NO_SHARED_CIPHER, SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_NO_SHARED_GROUPS]
        return !final.contains(ERR_GET_REASON(ERR_peek_error()))
    }

    /// Waits for another hello as if this one had not been.
    private func restart() {
        dropped += 1
        _ = pipe.takeWritten()
        _ = pipe.takeTimerChange()
        release()
        if !connect() { fail(.refused("no memory")) }
    }

    private func lastFailure() -> DTLSFailure {
        let code = ERR_peek_error()
        let reason = ERR_GET_REASON(code)
        // OpenSSL reports a fatal alert from the peer as 1000 and its description.
        if let alert = UInt8(exactly: reason - SSL_AD_REASON_OFFSET) { return .remoteAlert(alert) }
        guard let text = unsafe ERR_reason_error_string(code) else { return .refused("unknown") }
        return .refused(unsafe String(cString: text))
    }

    private func fail(_ failure: DTLSFailure) { finish(.failed, .failed(failure)) }

    private func finish(_ end: DTLSState, _ output: DTLSOutput) {
        state = end
        (held, farewell, records) = ([], [], nil)
        timer.stop()
        release()
        outputs.append(output)
        ERR_clear_error()
    }

    private func release() {
        pipe.detach()
        unsafe SSL_free(ssl)
        unsafe ssl = nil
    }

    /// Takes over what OpenSSL wrote, and what it did to its timer.
    ///
    /// - Returns: The datagrams that are to be sent.
    @discardableResult
    private func collect(now: Instant) -> [[UInt8]] {
        var datagrams: [[UInt8]] = []
        // OpenSSL sends each message of a repeated flight by itself; joined, they are lost or late together.
        for more in pipe.takeWritten() {
            if state == .connecting { noteSealed(more.span) }
            if let last = datagrams.indices.last, datagrams[last].count + more.count <= mtu {
                datagrams[last] += more
            } else {
                datagrams.append(more)
            }
        }
        for datagram in datagrams { emit(.send(datagram)) }
        let change = pipe.takeTimerChange()
        if change.isStopped { timer.stop() }
        if change.isStarted { timer.start(now: now) }
        return datagrams
    }

    /// Remembers how far OpenSSL has counted.
    private func noteSealed(_ datagram: Span<UInt8>) {
        var offset = 0
        while let end = RecordFilter.endOfRecord(in: datagram, at: offset) {
            if let position = EstablishedRecords.Position(of: datagram.extracting(offset..<end)) {
                lastSealed = position
            }
            offset = end
        }
    }

    /// Sends a record, if there is one; says whether there is.
    @discardableResult
    private func emit(_ record: [UInt8]?) -> Bool {
        guard let record else { return false }
        emit(.send(record))
        return true
    }

    private func emit(_ output: DTLSOutput) {
        guard outputs.count - nextOutput < Self.maximumOutputs else {
            dropped += 1
            return
        }
        outputs.append(output)
    }
}
