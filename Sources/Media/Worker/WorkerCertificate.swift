// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletCrypto

/// The certificate that a worker shows in every DTLS handshake: the operator's, or one made at start.
enum WorkerCertificate {
    /// Bytes of a PEM file that are read, at most.
    private static let fileLimit = 1 << 20

    static func make(_ settings: ControlRequest.Start) throws(ControlError) -> Certificate {
        switch (settings.dtlsCertificateFile, settings.dtlsPrivateKeyFile) {
        case (nil, nil):
            return try generate()
        case (let certificate?, let key?):
            return try load(certificate: certificate, key: key)
        case (_?, nil):
            throw ControlError(.invalidArgument, "dtlsPrivateKeyFile is missing beside dtlsCertificateFile")
        case (nil, _?):
            throw ControlError(.invalidArgument, "dtlsCertificateFile is missing beside dtlsPrivateKeyFile")
        }
    }

    private static func generate() throws(ControlError) -> Certificate {
        do {
            return try Certificate.generate(unixSeconds: HostSystem.unixSeconds)
        } catch {
            throw ControlError(.internal, "cannot make a certificate: \(error)")
        }
    }

    private static func load(certificate: String, key: String) throws(ControlError) -> Certificate {
        guard let pem = HostSystem.contents(of: certificate, limit: fileLimit) else {
            throw ControlError(.invalidArgument, "dtlsCertificateFile: cannot read \(certificate)")
        }
        guard let keyPEM = HostSystem.contents(of: key, limit: fileLimit) else {
            throw ControlError(.invalidArgument, "dtlsPrivateKeyFile: cannot read \(key)")
        }
        do {
            return try Certificate(pem: pem, privateKeyPEM: keyPEM)
        } catch {
            throw ControlError(.invalidArgument, "dtlsCertificateFile and dtlsPrivateKeyFile: \(error)")
        }
    }
}
