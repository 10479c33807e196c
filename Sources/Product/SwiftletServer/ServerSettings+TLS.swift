// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOSSL
import SwiftletCrypto

extension ServerSettings {
    /// What TLS is spoken with, or `nil` without TLS.
    ///
    /// - Throws: ``SettingsError`` when a file cannot be read or used.
    func tlsConfiguration() throws(SettingsError) -> TLSConfiguration? {
        var configuration: TLSConfiguration
        switch tls {
        case .off:
            return nil
        case .selfSigned:
            do {
                let made = try Certificate.generate(unixSeconds: Int64(Date().timeIntervalSince1970))
                configuration = .makeServerConfiguration(
                    certificateChain: [.certificate(try NIOSSLCertificate(bytes: made.der, format: .der))],
                    privateKey: .privateKey(try NIOSSLPrivateKey(bytes: made.privateKeyDER, format: .der))
                )
            } catch {
                throw SettingsError("tls-self-signed: no certificate could be made: \(error)")
            }
        case .files(let certificate, let key):
            let chain: [NIOSSLCertificate]
            do { chain = try NIOSSLCertificate.fromPEMFile(certificate) } catch {
                throw SettingsError("tls-cert \(certificate) holds no readable PEM certificate: \(error)")
            }
            do {
                configuration = .makeServerConfiguration(
                    certificateChain: chain.map { .certificate($0) },
                    privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
                )
            } catch {
                throw SettingsError("tls-key \(key) holds no readable PEM key: \(error)")
            }
            do { _ = try NIOSSLContext(configuration: configuration) } catch {
                throw SettingsError("tls-cert \(certificate) and tls-key \(key) cannot be used together: \(error)")
            }
        }
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        return configuration
    }
}
