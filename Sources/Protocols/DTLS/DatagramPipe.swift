// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// What stands where OpenSSL expects a socket: one read takes one record, one write makes one datagram.
///
/// Also the place where OpenSSL announces its retransmission deadlines, which become ours: it would measure them by
/// the real clock.
@safe
final class DatagramPipe {
    /// The record to read next, set only while the bytes are borrowed.
    private var input: UnsafeRawBufferPointer?
    /// Datagrams written and not yet collected.
    private(set) var written: [[UInt8]] = []
    /// OpenSSL's own deadline, a `struct timeval` inside the connection; valid as long as that lives.
    private var timeout: UnsafeMutableRawPointer?
    /// What OpenSSL did to its timer since ``takeTimerChange()``.
    private var timerChange = TimerChange()

    /// Changes of OpenSSL's retransmission timer, in this order.
    struct TimerChange {
        var isStopped = false
        var isStarted = false
    }

    init() {}

    /// Makes `record` readable while `body` runs; what was not read by then is discarded.
    func offering<Result>(_ record: Span<UInt8>, _ body: () -> Result) -> Result {
        unsafe record.withUnsafeBytes { bytes in
            unsafe input = bytes
            defer { unsafe input = nil }
            return body()
        }
    }

    /// The datagrams written since the last call.
    func takeWritten() -> [[UInt8]] {
        defer { written.removeAll() }
        return written
    }

    func takeTimerChange() -> TimerChange {
        defer { timerChange = TimerChange() }
        return timerChange
    }

    /// Moves OpenSSL's deadline into the past, and says whether it had one.
    func expireTimeout() -> Bool {
        guard let timeout = unsafe timeout, unsafe swiftlet_dtls_timeout_is_set(timeout) != 0 else { return false }
        unsafe swiftlet_dtls_timeout_expire(timeout)
        return true
    }

    /// Forgets the pointer into a connection that is about to be freed.
    func detach() { unsafe timeout = nil }

    /// Makes a BIO over this pipe, which must outlive it.
    func makeBIO(_ method: DatagramMethod) -> OpaquePointer? {
        guard let bio = unsafe BIO_new(method.pointer) else { return nil }
        unsafe BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        unsafe BIO_set_init(bio, 1)
        return unsafe bio
    }

    // MARK: - What OpenSSL calls

    fileprivate func read(into target: UnsafeMutablePointer<CChar>, capacity: Int) -> Int? {
        guard let record = unsafe input, capacity > 0 else { return nil }
        unsafe input = nil
        let count = min(record.count, capacity)
        unsafe UnsafeMutableRawBufferPointer(start: target, count: count)
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: record[0..<count]))
        return count
    }

    fileprivate func write(_ source: UnsafePointer<CChar>, count: Int) {
        written.append(unsafe [UInt8](UnsafeRawBufferPointer(start: source, count: count)))
    }

    fileprivate func timerChanged(_ deadline: UnsafeMutableRawPointer) {
        unsafe timeout = deadline
        if unsafe swiftlet_dtls_timeout_is_set(deadline) != 0 {
            timerChange.isStarted = true
        } else {
            timerChange = TimerChange(isStopped: true, isStarted: false)
        }
    }

    fileprivate static func of(_ bio: OpaquePointer?) -> DatagramPipe? {
        guard let data = unsafe BIO_get_data(bio) else { return nil }
        return unsafe Unmanaged<DatagramPipe>.fromOpaque(data).takeUnretainedValue()
    }
}

/// OpenSSL's table of a pipe's functions; must outlive every BIO made with it.
@safe
final class DatagramMethod {
    let pointer: OpaquePointer

    /// Fails if OpenSSL has no memory.
    init?() {
        guard let method = unsafe BIO_meth_new(swiftlet_bio_type, "swiftlet datagrams") else { return nil }
        unsafe pointer = method
        unsafe BIO_meth_set_read(method) { bio, target, capacity in
            unsafe BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY)
            guard let target = unsafe target,
                let count = unsafe DatagramPipe.of(bio)?.read(into: target, capacity: Int(capacity))
            else {
                unsafe BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
                return -1
            }
            return Int32(count)
        }
        unsafe BIO_meth_set_write(method) { bio, source, count in
            guard let source = unsafe source, count >= 0, let pipe = unsafe DatagramPipe.of(bio) else { return -1 }
            unsafe pipe.write(source, count: Int(count))
            return count
        }
        unsafe BIO_meth_set_ctrl(method) { bio, command, _, argument in
            switch command {
            case BIO_CTRL_FLUSH:
                return 1
            case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT:
                if let argument = unsafe argument { unsafe DatagramPipe.of(bio)?.timerChanged(argument) }
                return 1
            default:
                return 0
            }
        }
    }

    deinit { unsafe BIO_meth_free(pointer) }
}
