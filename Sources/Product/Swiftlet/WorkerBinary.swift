// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Finds the program that a worker runs.
///
/// Whoever names one, by setting or by `SWIFTLET_WORKER`, gets that one or an error; else it is looked for beside the
/// running program and then on the PATH.
package struct WorkerBinary {
    /// The program's file name.
    package static let name = "swiftlet-worker"

    private let environment: [String: String]
    /// The folder of the running program.
    private let programFolder: String?
    private let isExecutable: (String) -> Bool

    /// - Parameters:
    ///   - environment: This process's environment.
    ///   - programFolder: The folder of the running program.
    ///   - isExecutable: Whether there is a program at a path.
    package init(environment: [String: String], programFolder: String?, isExecutable: @escaping (String) -> Bool) {
        (self.environment, self.programFolder, self.isExecutable) = (environment, programFolder, isExecutable)
    }

    /// The search as this process does it.
    static var system: WorkerBinary {
        let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return WorkerBinary(
            environment: ProcessInfo.processInfo.environment,
            programFolder: program.flatMap { path in path.lastIndex(of: "/").map { String(path[..<$0]) } },
            isExecutable: { FileManager.default.isExecutableFile(atPath: $0) }
        )
    }

    /// The path to run.
    ///
    /// - Parameter setting: The path that the application asked for.
    /// - Returns: The first candidate that can be executed.
    /// - Throws: ``SwiftletError/Code/workerStart`` with every path that was tried.
    package func find(setting: String?) throws(SwiftletError) -> String {
        let candidates = candidates(setting: setting)
        for candidate in candidates where isExecutable(candidate.path) { return candidate.path }
        let tried = candidates.map { "\($0.path) (\($0.reason))" }.joined(separator: ", ")
        throw SwiftletError(.workerStart, "no worker program to run; tried \(tried.isEmpty ? "nothing" : tried)")
    }

    private func candidates(setting: String?) -> [(path: String, reason: String)] {
        if let setting { return [(setting, "the setting workerBinary")] }
        if let path = environment["SWIFTLET_WORKER"], !path.isEmpty { return [(path, "SWIFTLET_WORKER")] }
        var candidates: [(String, String)] = []
        if let programFolder { candidates.append(("\(programFolder)/\(Self.name)", "beside the program")) }
        for folder in (environment["PATH"] ?? "").split(separator: ":") where folder.hasPrefix("/") {
            candidates.append(("\(folder)/\(Self.name)", "PATH"))
        }
        return candidates
    }
}
