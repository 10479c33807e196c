// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletClient

/// Numbers as people read them.
package enum Figures {
    /// What stands where nothing was measured.
    package static let nothing = "–"

    /// Three digits that count, without an exponent.
    package static func number(_ value: Double) -> String {
        guard value.isFinite else { return nothing }
        let magnitude = abs(value)
        if magnitude >= 99.95 { return String(format: "%.0f", value) }
        if magnitude >= 9.995 { return String(format: "%.1f", value) }
        return magnitude == 0 ? "0" : String(format: "%.2f", value)
    }

    /// Milliseconds.
    package static func ms(_ value: Double?) -> String { value.map(number) ?? nothing }

    /// A share as percent.
    package static func percent(_ share: Double) -> String { number(share * 100) + " %" }

    /// Bits per second.
    package static func bits(_ value: Double) -> String {
        scaled(value, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"], 1000)
    }

    /// Bytes.
    package static func bytes(_ value: Double) -> String { scaled(value, ["bytes", "kB", "MB", "GB", "TB"], 1000) }

    /// A count, in groups of three.
    package static func count(_ value: some BinaryInteger) -> String {
        let digits = String(value.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return (value < 0 ? "-" : "") + text
    }

    /// Seconds.
    package static func seconds(_ value: Double) -> String {
        value < 120 ? "\(number(value)) s" : "\(Int(value) / 60) min \(Int(value) % 60) s"
    }

    private static func scaled(_ value: Double, _ units: [String], _ step: Double) -> String {
        var (value, unit) = (value, 0)
        while abs(value) >= step * 0.9995, unit < units.count - 1 { (value, unit) = (value / step, unit + 1) }
        return "\(number(value)) \(units[unit])"
    }
}

extension LoadPlan {
    /// The plan in words, without the token.
    var settings: [LoadReport.Setting] {
        var settings: [LoadReport.Setting] = []
        func add(_ name: String, _ value: String) { settings.append(.init(name, value)) }
        add("rooms", Figures.count(rooms))
        add("publishers per room", Figures.count(publishers) + (publishersReceive ? "" : ", who only send"))
        add("subscribers per room", Figures.count(subscribers))
        add("media", media.rawValue)
        if media == .both || media == .video {
            add("video", "\(codec.rawValue), \(layers.name), \(Figures.bits(Double(videoBits)))")
            add("frame rate", "\(Figures.number(frameRate)) per second")
        }
        if media == .both || media == .audio { add("audio", "opus, \(Figures.bits(Double(audioBitrate)))") }
        if let watch { add("each watches", "\(watch) publishers") }
        if let watchedLayer { add("layer watched", "\(watchedLayer)") }
        if messageRate > 0 { add("messages", "\(Figures.number(messageRate)) per second of \(messageBytes) bytes") }
        if !checksMedia { add("video", "not checked frame by frame") }
        add("joins", "\(Figures.number(joinRate)) per second")
        add("duration", Figures.seconds(duration.seconds))
        for (name, path) in [("network up", network.up), ("network down", network.down)] where !path.isClear {
            let (delay, jitter) = (path.delay.milliseconds, path.jitter.milliseconds)
            add(
                name,
                "loss \(Figures.percent(path.loss)), delay \(Figures.ms(delay)) ms, jitter \(Figures.ms(jitter)) ms"
            )
        }
        add("threads", "\(threads)")
        add("seed", "\(seed)")
        return settings
    }
}
