// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// A value that refuses bad JSON by its own name, as in "codec is not an object".
protocol NamedObject: Decodable {
    /// How error messages call the value.
    static var objectName: String { get }
}

/// Reads the members of one JSON object from a peer, leniently where the rules are lenient, and with an error that
/// names the field where they are not.
///
/// A member that is null counts as absent.
struct ObjectFields<Key: CodingKey> {
    private let container: KeyedDecodingContainer<Key>
    private let name: String

    init<Object: NamedObject>(of type: Object.Type, _ decoder: any Decoder, keyedBy: Key.Type) throws(ORTCError) {
        name = type.objectName
        do {
            container = try decoder.container(keyedBy: Key.self)
        } catch {
            throw .invalid("\(type.objectName) is not an object")
        }
    }

    func isAbsent(_ key: Key) -> Bool {
        guard container.contains(key) else { return true }
        return (try? container.decodeNil(forKey: key)) ?? false
    }

    /// The error "`what` `object`.`field`".
    func error(_ what: String, _ key: Key) -> ORTCError { .invalid("\(what) \(name).\(key.stringValue)") }

    /// The text of `key`, or `nil` when it is absent or no text.
    func text(_ key: Key) -> String? { try? container.decode(String.self, forKey: key) }

    /// The flag of `key`, or `nil` when it is absent or no flag.
    func flag(_ key: Key) -> Bool? { try? container.decode(Bool.self, forKey: key) }

    /// The number of `key`, or `nil` when it is absent or no number.
    func number(_ key: Key) -> Double? { try? container.decode(Double.self, forKey: key) }

    /// The whole number of `key`, or `nil` when it is absent or no whole number.
    func integer(_ key: Key) -> Int? {
        if let value = try? container.decode(Int.self, forKey: key) { return value }
        return number(key).flatMap { Int(exactly: $0) }
    }

    /// The text of `key`; refused when absent, empty or no text.
    func requiredText(_ key: Key) throws(ORTCError) -> String {
        guard let text = text(key), !text.isEmpty else { throw error("missing", key) }
        return text
    }

    /// The text of `key`, or `nil` when it is absent; refused when it is something else.
    func optionalText(_ key: Key) throws(ORTCError) -> String? {
        if let text = text(key) { return text }
        guard isAbsent(key) else { throw error("invalid", key) }
        return nil
    }

    /// The flag of `key`, or `nil` when it is absent; refused when it is something else.
    func optionalFlag(_ key: Key) throws(ORTCError) -> Bool? {
        if let flag = flag(key) { return flag }
        guard isAbsent(key) else { throw error("invalid", key) }
        return nil
    }

    /// The number of `key`; "missing" when it is absent or no whole number, "invalid" when it does not fit.
    func requiredInteger<Number: FixedWidthInteger>(_ key: Key, as type: Number.Type) throws(ORTCError) -> Number {
        guard let value = integer(key) else { throw error("missing", key) }
        guard let number = Number(exactly: value) else { throw error("invalid", key) }
        return number
    }

    /// The number of `key`, or `nil` when it is absent; refused when it is something else or does not fit.
    func optionalInteger<Number: FixedWidthInteger>(_ key: Key, as type: Number.Type) throws(ORTCError) -> Number? {
        if isAbsent(key) { return nil }
        guard let value = integer(key), let number = Number(exactly: value) else { throw error("invalid", key) }
        return number
    }

    /// The number of `key` without its fraction, or `nil` when it is absent; refused when it is something else.
    func optionalAmount(_ key: Key) throws(ORTCError) -> Int? {
        if isAbsent(key) { return nil }
        guard let value = number(key), let amount = Int(exactly: value.rounded(.down)), amount >= 0 else {
            throw error("invalid", key)
        }
        return amount
    }

    /// The objects of the array `key`, or `nil` when it is absent or, if that is `allowed`, something else.
    func list<Element: NamedObject>(
        _ key: Key,
        of type: Element.Type,
        otherTypesAllowed allowed: Bool = false
    ) throws(ORTCError) -> [Element]? {
        if isAbsent(key) { return nil }
        guard var array = try? container.nestedUnkeyedContainer(forKey: key) else {
            if allowed { return nil }
            throw .invalid("\(name).\(key.stringValue) is not an array")
        }
        var elements: [Element] = []
        while !array.isAtEnd {
            do {
                elements.append(try array.decode(Element.self))
            } catch let error as ORTCError {
                throw error
            } catch {
                throw .invalid("\(Element.objectName) is not an object")
            }
        }
        return elements
    }

    /// The object `key`, or `nil` when it is absent; `message` when it is something else.
    func object<Object: Decodable>(_ key: Key, as: Object.Type, else message: String) throws(ORTCError) -> Object? {
        if isAbsent(key) { return nil }
        do {
            return try container.decode(Object.self, forKey: key)
        } catch let error as ORTCError {
            throw error
        } catch {
            throw .invalid(message)
        }
    }

    /// The codec or extension parameters of `key`; anything but an object counts as none.
    func parameters(_ key: Key) throws(ORTCError) -> [String: CodecParameterValue] {
        guard let members = try? container.nestedContainer(keyedBy: AnyKey.self, forKey: key) else { return [:] }
        var parameters: [String: CodecParameterValue] = [:]
        for member in members.allKeys {
            guard let value = try? members.decode(CodecParameterValue.self, forKey: member) else {
                throw .invalid("invalid \(name) parameter [key:\(member.stringValue)]")
            }
            parameters[member.stringValue] = value
        }
        return parameters
    }
}

/// Any member name.
private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
