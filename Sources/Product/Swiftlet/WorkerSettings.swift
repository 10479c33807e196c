// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import Logging
public import SwiftletControl
public import SwiftletORTC

/// How a worker is started.
public struct WorkerSettings: Sendable {
    /// How much it logs.
    public var logLevel: WorkerLogLevel
    /// What it logs about; messages without a tag depend on the level alone.
    public var logTags: [WorkerLogTag]
    /// Where its messages go; without one they are dropped.
    public var logger: Logger?
    /// A PEM file with the certificate for DTLS; without one the worker makes its own.
    public var dtlsCertificateFile: String?
    /// A PEM file with that certificate's key.
    public var dtlsPrivateKeyFile: String?
    /// The path of the program to run.
    ///
    /// Without one it is what `SWIFTLET_WORKER` names, or `swiftlet-worker` beside the running program, or on the PATH.
    public var workerBinary: String?
    /// The application's own data.
    public var appData: JSONValue

    /// Settings, all with defaults.
    public init(
        logLevel: WorkerLogLevel = .error,
        logTags: [WorkerLogTag] = [],
        logger: Logger? = nil,
        dtlsCertificateFile: String? = nil,
        dtlsPrivateKeyFile: String? = nil,
        workerBinary: String? = nil,
        appData: JSONValue = [:]
    ) {
        (self.logLevel, self.logTags, self.logger) = (logLevel, logTags, logger)
        (self.dtlsCertificateFile, self.dtlsPrivateKeyFile) = (dtlsCertificateFile, dtlsPrivateKeyFile)
        (self.workerBinary, self.appData) = (workerBinary, appData)
    }
}
