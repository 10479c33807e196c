// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import CSRTP
import SwiftletCrypto

/// One direction of libsrtp, to compare with.
@safe
final class LibSRTP {
    private static let isReady = srtp_init() == srtp_err_status_ok

    private let session: srtp_t
    /// libsrtp wants packets on 32-bit boundaries, with room behind them.
    private let buffer = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 16)

    /// Fails when the library was built without the profile.
    init?(_ profile: SRTPProfile, key: [UInt8], salt: [UInt8], sends: Bool) {
        guard Self.isReady else { return nil }
        var policy = unsafe srtp_policy_t()
        let number = srtp_profile_t(UInt32(profile.rawValue))
        unsafe srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, number)
        unsafe srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, number)
        unsafe policy.ssrc.type = sends ? ssrc_any_outbound : ssrc_any_inbound
        unsafe policy.window_size = 1024
        unsafe policy.allow_repeat_tx = 1
        var session: srtp_t?
        var master = key + salt
        let status = unsafe master.withUnsafeMutableBufferPointer { bytes in
            unsafe policy.key = bytes.baseAddress
            return unsafe srtp_create(&session, &policy)
        }
        guard status == srtp_err_status_ok, let session = unsafe session else {
            unsafe buffer.deallocate()
            return nil
        }
        unsafe self.session = session
    }

    deinit {
        unsafe srtp_dealloc(session)
        unsafe buffer.deallocate()
    }

    func protect(_ packet: [UInt8]) -> [UInt8]? { run(packet) { unsafe srtp_protect(session, buffer, &$0) } }

    func protectRTCP(_ packet: [UInt8]) -> [UInt8]? { run(packet) { unsafe srtp_protect_rtcp(session, buffer, &$0) } }

    func unprotect(_ packet: [UInt8]) -> [UInt8]? { run(packet) { unsafe srtp_unprotect(session, buffer, &$0) } }

    func unprotectRTCP(_ packet: [UInt8]) -> [UInt8]? {
        run(packet) { unsafe srtp_unprotect_rtcp(session, buffer, &$0) }
    }

    private func run(_ packet: [UInt8], _ body: (inout Int32) -> srtp_err_status_t) -> [UInt8]? {
        precondition(packet.count <= 3072)
        unsafe packet.withUnsafeBytes {
            unsafe buffer.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(buffer), byteCount: $0.count)
        }
        var length = Int32(packet.count)
        guard body(&length) == srtp_err_status_ok else { return nil }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: buffer, count: Int(length)))
    }
}
