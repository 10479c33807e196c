// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// The value that `name` stands for.
func parse<Value: RawRepresentable<String>>(_ name: String) throws(WorkerProtocolError) -> Value {
    guard let value = Value(rawValue: name) else { throw .malformed }
    return value
}

/// The number in the width that it has outside of protobuf.
func narrow<Number: FixedWidthInteger>(_ number: some FixedWidthInteger) throws(WorkerProtocolError) -> Number {
    guard let value = Number(exactly: number) else { throw .malformed }
    return value
}

/// Reads every element.
func decodeAll<Message, Value>(
    _ messages: [Message],
    _ decode: (Message) throws(WorkerProtocolError) -> Value
) throws(WorkerProtocolError) -> [Value] {
    var values: [Value] = []
    values.reserveCapacity(messages.count)
    for message in messages { values.append(try decode(message)) }
    return values
}

/// Reads every value of a map.
func decodeAll<Message, Value>(
    _ messages: [String: Message],
    _ decode: (Message) throws(WorkerProtocolError) -> Value
) throws(WorkerProtocolError) -> [String: Value] {
    var values: [String: Value] = [:]
    for (key, message) in messages { values[key] = try decode(message) }
    return values
}
