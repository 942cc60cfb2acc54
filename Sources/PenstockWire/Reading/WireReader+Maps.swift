// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension WireReader {
    /// Reads a map of strings.
    ///
    /// Broken keys and broken values are each one failure at the map's own path, as the service reports them.
    public mutating func map(
        _ size: SizeConstraints = .none, keys: StringConstraints = .none, values: StringConstraints = .none
    ) throws(WireError) -> [String: String]? {
        guard try self.beginMap() else {
            return nil
        }
        var map: [String: String] = [:]
        var problems = MapProblems()
        var isFirst = true
        while try self.nextKey(isFirst: &isFirst) {
            let key = try self.mapKey(keys, problems: &problems)
            let firstFailure = self.failures.count
            let value = try self.string(values)
            problems.note(key: key, isNull: value == nil, isBroken: self.failures.count != firstFailure)
            self.failures.removeSubrange(firstFailure...)
            map[key] = value
        }
        self.report(problems, size: size, count: map.count, keys: keys, values: values)
        return map
    }

    /// Reads a map of structures.
    ///
    /// What is wrong inside a value is reported below `<key>.member`; what is wrong with a key, at the map's path.
    public mutating func map<Value: WireDecodable>(
        _ size: SizeConstraints = .none, keys: StringConstraints = .none, values type: Value.Type
    ) throws(WireError) -> [String: Value]? {
        guard try self.beginMap() else {
            return nil
        }
        let firstFailure = self.failures.count
        var map: [String: Value] = [:]
        var positions: [String: Int] = [:]
        var problems = MapProblems()
        var isFirst = true
        while try self.nextKey(isFirst: &isFirst) {
            let key = try self.mapKey(keys, problems: &problems)
            if let position = positions[key] {
                self.discardFailures(from: firstFailure, of: position)
            }
            let position = positions.count + 1
            positions[key] = position
            let firstValueFailure = self.failures.count
            let isNull = try self.peek() == UInt8(ascii: "n")
            map[key] = try self.structure(type)
            problems.note(key: key, isNull: isNull, isBroken: false)
            if self.failures.count != firstValueFailure {
                let component = problems.brokenKeys.contains(key) ? "member" : "\(key).member"
                self.prefixFailures(from: firstValueFailure, with: component, order: position)
            }
        }
        self.report(problems, size: size, count: positions.count, keys: keys, values: .none)
        if self.failures.count != firstFailure {
            self.sortFailures(from: firstFailure)
        }
        return map
    }

    private mutating func beginMap() throws(WireError) -> Bool {
        guard try !self.consumeNull() else {
            return false
        }
        guard self.bytes[self.position] == UInt8(ascii: "{") else {
            throw try self.wrongType(expected: .map)
        }
        try self.enter()
        return true
    }

    private mutating func mapKey(
        _ constraints: StringConstraints, problems: inout MapProblems
    ) throws(WireError) -> String {
        let scanned = try self.scanString()
        let isBroken =
            self.checksConstraints && constraints != .none
            && self.withBytes(of: scanned) { !constraints.broken(by: $0).isEmpty }
        let key = self.withBytes(of: scanned) { String(decoding: $0, as: UTF8.self) }
        if isBroken {
            problems.brokenKeys.insert(key)
        }
        try self.expect(UInt8(ascii: ":"))
        return key
    }

    private mutating func report(
        _ problems: MapProblems, size: SizeConstraints, count: Int, keys: StringConstraints, values: StringConstraints
    ) {
        self.check(size, count: count)
        if !problems.brokenKeys.isEmpty {
            self.record(.mapKeys(keys.all))
        }
        if !problems.brokenValues.isEmpty {
            self.record(.mapValue(values.all))
        }
        if !problems.nullValues.isEmpty {
            self.record(.mapValue([.mustNotBeNull]))
        }
    }
}

/// Which keys of a map have something wrong with them. A key that comes again is judged by its last value alone.
private struct MapProblems {
    var brokenKeys: Set<String> = []
    var brokenValues: Set<String> = []
    var nullValues: Set<String> = []

    mutating func note(key: String, isNull: Bool, isBroken: Bool) {
        Self.note(key, in: &self.nullValues, isNull)
        Self.note(key, in: &self.brokenValues, isBroken)
    }

    private static func note(_ key: String, in keys: inout Set<String>, _ belongs: Bool) {
        if belongs {
            keys.insert(key)
        } else if !keys.isEmpty {
            keys.remove(key)
        }
    }
}
