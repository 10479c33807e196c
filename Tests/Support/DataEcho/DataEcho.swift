// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Swiftlet
import Synchronization

/// Makes transports for raw peers and sends their messages back, through the engine.
///
/// It reads requests as lines of JSON, `{"id": 1, "method": "transport", ...}`, answers each with a line that has the
/// same `id`, and tells of events with lines that have `event`. It ends with its standard input.
@main
enum DataEcho {
    static func main() async throws {
        let worker = try await Worker.start()
        let host = Host(router: try await worker.createRouter())
        let decoder = JSONDecoder()
        for await line in lines() {
            guard let request = try? decoder.decode(JSONValue.self, from: Data(line.utf8)),
                case .object(let parameters) = request
            else {
                write(["error": "no object of JSON"])
                continue
            }
            var answer: [String: JSONValue]
            do {
                answer = try await host.answer(parameters)
            } catch {
                answer = ["error": .string("\(error)")]
            }
            answer["id"] = parameters["id"]
            write(answer)
        }
        await worker.close()
    }

    /// Standard input by lines; reading blocks a thread of its own.
    private static func lines() -> AsyncStream<String> {
        AsyncStream { continuation in
            Thread.detachNewThread {
                while let line = readLine() { continuation.yield(line) }
                continuation.finish()
            }
        }
    }

    private static let output = Mutex(JSONEncoder())

    /// Writes one line.
    static func write(_ object: [String: JSONValue]) {
        output.withLock { encoder in
            guard var data = try? encoder.encode(JSONValue.object(object)) else { return }
            data.append(UInt8(ascii: "\n"))
            // Not by `print`, whose buffer would have to be flushed: that waits for whoever reads standard input.
            try? FileHandle.standardOutput.write(contentsOf: data)
        }
    }
}
