// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Which layers were in force from which picture on, so that late packets follow what was decided at their picture.
struct LayerHistory: BitwiseCopyable, Sendable {
    /// How many switches are remembered; packets from before them are too old to judge.
    static let limit = 4

    /// What was in force from a picture on.
    struct Entry: BitwiseCopyable, Sendable {
        var since: Int64 = 0
        var layers = Layers(spatial: 0, temporal: 0)
        /// Stands for a decode target of everything.
        static let everything = UInt8.max
        /// The decode target, where there is one.
        var decodeTarget = Entry.everything
        /// Of the picture, for frames that are counted one by one.
        var timestamp: UInt32 = 0
    }

    private var entries = [4 of Entry](repeating: Entry())
    private var count = 0

    mutating func removeAll() { count = 0 }

    /// Notes what is in force from a picture on; what was noted for later ones is forgotten.
    mutating func append(_ entry: Entry) {
        while count > 0, entries[count &- 1].since >= entry.since { count &-= 1 }
        if count == Self.limit {
            for index in 1..<Self.limit { entries[index &- 1] = entries[index] }
            count = Self.limit &- 1
        }
        entries[count] = entry
        count &+= 1
    }

    /// What was in force at `picture`; `nil` before the first entry.
    func entry(at picture: Int64) -> Entry? {
        var index = count
        while index > 0 {
            index &-= 1
            if entries[index].since <= picture { return entries[index] }
        }
        return nil
    }

    /// What was in force at a frame: not before the frame that made a switch, or in the same picture as that.
    func entry(atFrame number: Int64, timestamp: UInt32) -> Entry? {
        var index = count
        while index > 0 {
            index &-= 1
            if entries[index].since <= number || entries[index].timestamp == timestamp { return entries[index] }
        }
        return nil
    }
}
