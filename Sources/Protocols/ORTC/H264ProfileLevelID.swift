// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// An H.264 profile and level, as the `profile-level-id` of RFC 6184 §8.1 packs them.
package struct H264ProfileLevelID: Hashable, Sendable {
    /// A profile; the constraint flags decide between those of the same `profile_idc`.
    package enum Profile: Sendable, CaseIterable {
        case constrainedBaseline, baseline, main, constrainedHigh, high, predictiveHigh444
    }

    /// A level by its place in H.264 Annex A, table A-1; 1b lies between 1 and 1.1.
    package enum Level: Int, Sendable, CaseIterable, Comparable {
        case level1 = 10
        case level1b = 0
        case level1_1 = 11
        case level1_2 = 12
        case level1_3 = 13
        case level2 = 20
        case level2_1 = 21
        case level2_2 = 22
        case level3 = 30
        case level3_1 = 31
        case level3_2 = 32
        case level4 = 40
        case level4_1 = 41
        case level4_2 = 42
        case level5 = 50
        case level5_1 = 51
        case level5_2 = 52

        /// Ten times the level, doubled so that 1b has a place of its own.
        private var order: Int { self == .level1b ? 21 : rawValue * 2 }

        package static func < (left: Level, right: Level) -> Bool { left.order < right.order }
    }

    package var profile: Profile
    package var level: Level

    package init(profile: Profile, level: Level) { (self.profile, self.level) = (profile, level) }

    /// What is meant where the parameter is absent: RFC 6184 §8.1 says Baseline 1, but clients mean this.
    package static let absent = H264ProfileLevelID(profile: .constrainedBaseline, level: .level3_1)

    /// One row of the table of profiles: `profile_idc`, and which bits of `profile_iop` must have which value.
    private static let patterns: [(idc: UInt8, mask: UInt8, value: UInt8, profile: Profile)] = [
        (0x42, 0b0100_1111, 0b0100_0000, .constrainedBaseline),
        (0x4D, 0b1000_1111, 0b1000_0000, .constrainedBaseline),
        (0x58, 0b1100_1111, 0b1100_0000, .constrainedBaseline),
        (0x42, 0b0100_1111, 0b0000_0000, .baseline),
        (0x58, 0b1100_1111, 0b1000_0000, .baseline),
        (0x4D, 0b1010_1111, 0b0000_0000, .main),
        (0x64, 0b1111_1111, 0b0000_0000, .high),
        (0x64, 0b1111_1111, 0b0000_1100, .constrainedHigh),
        (0xF4, 0b1111_1111, 0b0000_0000, .predictiveHigh444),
    ]

    /// Bit `constraint_set3_flag`, which turns level 11 into 1b.
    private static let constraintSet3: UInt8 = 0x10

    /// Reads six hexadecimal digits; `nil` when they are not, or name no known profile and level.
    package init?(_ text: String) {
        guard text.utf8.count == 6, text.allSatisfy({ $0.isASCII && $0.isHexDigit }), let bits = UInt32(text, radix: 16)
        else { return nil }
        let (idc, iop) = (UInt8(truncatingIfNeeded: bits >> 16), UInt8(truncatingIfNeeded: bits >> 8))
        let levelIDC = UInt8(truncatingIfNeeded: bits)
        guard let row = Self.patterns.first(where: { $0.idc == idc && iop & $0.mask == $0.value }) else { return nil }
        profile = row.profile
        if levelIDC == 11, iop & Self.constraintSet3 != 0 {
            level = .level1b
        } else if let level = Level(rawValue: Int(levelIDC)), level != .level1b {
            self.level = level
        } else {
            return nil
        }
    }

    /// Reads a codec's parameter, absent as ``absent``; `nil` when it is there and means nothing.
    package init?(parameters: [String: CodecParameterValue]) {
        guard let value = parameters["profile-level-id"] else {
            self = .absent
            return
        }
        self.init(value.text)
    }

    /// Six hexadecimal digits, or `nil` for level 1b of a profile that cannot express it.
    package var text: String? {
        if level == .level1b {
            return switch profile {
            case .constrainedBaseline: "42f00b"
            case .baseline: "42100b"
            case .main: "4d100b"
            case .constrainedHigh, .high, .predictiveHigh444: nil
            }
        }
        let prefix =
            switch profile {
            case .constrainedBaseline: "42e0"
            case .baseline: "4200"
            case .main: "4d00"
            case .constrainedHigh: "640c"
            case .high: "6400"
            case .predictiveHigh444: "f400"
            }
        let digits = String(level.rawValue, radix: 16)
        return prefix + (digits.count < 2 ? "0" + digits : digits)
    }

    /// The `profile-level-id` to answer with, RFC 6184 §8.2.2: the common profile, and the lesser level unless both
    /// sides allow levels to differ, in which case ours stands.
    ///
    /// `nil` when neither side names one, or they do not agree on a profile.
    package static func answer(
        local: [String: CodecParameterValue],
        remote: [String: CodecParameterValue]
    ) -> String? {
        guard local["profile-level-id"] != nil || remote["profile-level-id"] != nil,
            let ours = H264ProfileLevelID(parameters: local), let theirs = H264ProfileLevelID(parameters: remote),
            ours.profile == theirs.profile
        else { return nil }
        let mayDiffer = [local, remote].allSatisfy { $0["level-asymmetry-allowed"]?.integer == 1 }
        let level = mayDiffer ? ours.level : min(ours.level, theirs.level)
        return H264ProfileLevelID(profile: ours.profile, level: level).text
    }
}
