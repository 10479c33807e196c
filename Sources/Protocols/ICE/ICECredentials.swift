// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletWire

/// The name and password by which one side of a link is asked, RFC 8445 §5.3.
package struct ICECredentials: Hashable, Sendable {
    /// `ice-ufrag`.
    package let usernameFragment: String
    /// `ice-pwd`.
    package let password: String

    package init(usernameFragment: String, password: String) {
        (self.usernameFragment, self.password) = (usernameFragment, password)
    }

    /// Fresh credentials of 32 lower-case letters and digits each: about 165 bits apiece.
    ///
    /// - Parameter random: Unpredictable in production, seeded in tests.
    package init(using random: inout some RandomNumberGenerator) {
        self.init(usernameFragment: Self.text(using: &random), password: Self.text(using: &random))
    }

    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789")

    private static func text(using random: inout some RandomNumberGenerator) -> String {
        String((0..<32).map { _ in alphabet[Int(random.next(upperBound: UInt(alphabet.count)))] })
    }
}

/// Credentials made ready for checking and signing messages.
struct ICEKey: Sendable {
    let credentials: ICECredentials
    let fragment: [UInt8]
    let hmac: HMACSHA1

    init(_ credentials: ICECredentials) {
        self.credentials = credentials
        fragment = Array(credentials.usernameFragment.utf8)
        hmac = HMACSHA1(key: Array(credentials.password.utf8).span)
    }
}
