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
    /// How long a packet may wait for others to the same destination, so that they leave the machine as one.
    ///
    /// 0, the default, sends at once; 500 µs to 1 ms spares much of the work of full meetings, for a delay of one and a
    /// half times that, twice at most. At most ``longestFlushWindow``.
    public var flushWindow: Duration
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
        flushWindow: Duration = .zero,
        workerBinary: String? = nil,
        appData: JSONValue = [:]
    ) {
        (self.logLevel, self.logTags, self.logger) = (logLevel, logTags, logger)
        (self.dtlsCertificateFile, self.dtlsPrivateKeyFile) = (dtlsCertificateFile, dtlsPrivateKeyFile)
        self.flushWindow = flushWindow
        (self.workerBinary, self.appData) = (workerBinary, appData)
    }

    /// The longest ``flushWindow``: 5 ms.
    public static var longestFlushWindow: Duration { ControlRequest.Start.longestFlushWindow }

    /// Refuses what no worker takes, before one is started.
    func check() throws(SwiftletError) {
        guard (.zero...Self.longestFlushWindow).contains(flushWindow) else {
            let text = "flushWindow is \(flushWindow), not within 0 to \(Self.longestFlushWindow)"
            throw SwiftletError(.invalidArgument, text)
        }
    }
}
