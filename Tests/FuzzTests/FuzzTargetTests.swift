// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import FuzzTargets
import SwiftletWire
import Testing

@Suite("Fuzz targets, on their committed inputs")
struct FuzzTargetTests {
    @Test("No input of the corpus breaks a rule", arguments: FuzzTarget.allCases)
    func corpus(target: FuzzTarget) throws {
        let inputs = try Self.inputs(of: target)
        #expect(!inputs.isEmpty)
        for input in inputs + [[]] { try run(target, input) }
    }

    @Test("Neither do four thousand mutations of them", arguments: FuzzTarget.allCases)
    func mutations(target: FuzzTarget) throws {
        let inputs = try Self.inputs(of: target)
        var random = SeededRandom(seed: 0x5EED)
        for _ in 0..<4000 {
            var input = try #require(inputs.randomElement(using: &random))
            if Int.random(in: 0..<4, using: &random) == 0 {
                input = Self.spliced(input, try #require(inputs.randomElement(using: &random)), using: &random)
            }
            Self.mutate(&input, using: &random)
            try run(target, input)
        }
    }

    /// Runs the target and names the input that broke it.
    private func run(_ target: FuzzTarget, _ input: [UInt8]) throws {
        do throws(BrokenRule) {
            try target.run(input)
        } catch {
            Issue.record("\(target.rawValue): \(error), by \(input.map { String($0, radix: 16) })")
            throw error
        }
    }

    /// The lines of the target's corpus; those with a number sign in front are comments.
    private static func inputs(of target: FuzzTarget) throws -> [[UInt8]] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let path = root.appending(path: "Fuzz/Corpus/\(target.rawValue).hex")
        return try String(contentsOf: path, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }
            .map { line in
                let digits = line.compactMap(\.hexDigitValue)
                return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
            }
    }

    private static func spliced(_ one: [UInt8], _ other: [UInt8], using random: inout SeededRandom) -> [UInt8] {
        let cut = Int.random(in: 0...one.count, using: &random)
        let start = Int.random(in: 0...other.count, using: &random)
        return Array((one[..<cut] + other[start...]).prefix(FuzzTarget.maximumLength))
    }

    private static func mutate(_ bytes: inout [UInt8], using random: inout SeededRandom) {
        for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
            let index = Int.random(in: bytes.indices, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 2: bytes[index] = Bool.random(using: &random) ? 0xFF : 0
            case 3: bytes[index] &+= Bool.random(using: &random) ? 1 : 0xFF
            case 4: bytes.removeSubrange(index...)
            default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
            }
        }
    }
}
