// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// The member names of one structure in the order of the service description, and which of them must be there.
public struct WireMembers: Sendable {
    let names: [StaticString]
    let required: UInt64

    /// Describes a structure of at most 64 members.
    ///
    /// - Parameters:
    ///   - names: The wire's spelling; a member's position is the number that ``WireReader/nextMember(in:)`` returns.
    ///   - required: The positions of the members that have to be present and not `null`.
    public init(_ names: [StaticString], required: [Int] = []) {
        precondition(names.count <= 64, "a structure has at most 64 members")
        self.names = names
        self.required = required.reduce(0) { $0 | (1 << UInt64($1)) }
    }
}

/// The state of reading one object: what has been seen of it, and which failures belong to it.
public struct WireObject {
    let members: WireMembers
    var seen: UInt64 = 0
    var present: UInt64 = 0
    var current = -1
    var isFirst = true
    /// Where the failures of this object begin, and those of its current member.
    let firstFailure: Int
    var firstMemberFailure: Int
}

extension WireReader {
    /// Begins an object; ask ``nextMember(in:)`` for its members until it returns `nil`.
    ///
    /// - Throws: ``WireError`` with code `.wrongType` when the next value is something else.
    public mutating func beginObject(_ members: WireMembers) throws(WireError) -> WireObject {
        guard try self.peek() == UInt8(ascii: "{") else {
            throw try self.wrongType(expected: .structure)
        }
        try self.enter()
        return WireObject(
            members: members, firstFailure: self.failures.count, firstMemberFailure: self.failures.count)
    }

    /// Moves on to the next known member and returns its position among the names, or `nil` at the end of the object.
    ///
    /// The caller must read the member's value before it asks again. At the end, missing required members are recorded
    /// as failures and all failures of the object are put into the order of its members.
    public mutating func nextMember(in object: inout WireObject) throws(WireError) -> Int? {
        if self.failures.count != object.firstMemberFailure {
            self.attributeFailures(from: object.firstMemberFailure, to: object.current, in: object)
        }
        while try self.nextKey(isFirst: &object.isFirst) {
            let start = self.position
            let key = try self.scanString()
            try self.expect(UInt8(ascii: ":"))
            guard let member = self.position(of: key, in: object) else {
                try self.passUnknownMember(key, at: start)
                continue
            }
            let bit: UInt64 = 1 << UInt64(member)
            if object.seen & bit != 0 {
                self.discardFailures(from: object.firstFailure, of: member)
                object.present &= ~bit
            }
            object.seen |= bit
            if try self.peek() != UInt8(ascii: "n") {
                object.present |= bit
            }
            object.current = member
            object.firstMemberFailure = self.failures.count
            return member
        }
        self.finish(&object)
        return nil
    }

    /// Moves to the next key of an object or behind its closing brace.
    mutating func nextKey(isFirst: inout Bool) throws(WireError) -> Bool {
        let next = try self.peek()
        if next == UInt8(ascii: "}") {
            self.leave()
            return false
        }
        if !isFirst {
            guard next == UInt8(ascii: ",") else {
                throw .malformed("',' or '}' expected", at: self.position)
            }
            self.position += 1
        }
        isFirst = false
        guard try self.peek() == UInt8(ascii: "\"") else {
            throw .malformed("a member name expected", at: self.position)
        }
        return true
    }

    /// Finds a key among the names. Documents tend to follow the order of the description, so the search begins behind
    /// the member before.
    private func position(of key: ScannedString, in object: WireObject) -> Int? {
        let names = object.members.names
        return self.withBytes(of: key) { bytes in
            var candidate = object.current
            for _ in 0..<names.count {
                candidate = candidate + 1 < names.count ? candidate + 1 : 0
                if names[candidate].isEqual(to: bytes) {
                    return candidate
                }
            }
            return nil
        }
    }

    private mutating func finish(_ object: inout WireObject) {
        let missing = object.members.required & ~object.present
        guard missing != 0 || self.failures.count != object.firstFailure else {
            return
        }
        for (member, name) in object.members.names.enumerated() where missing & (1 << UInt64(member)) != 0 {
            self.record(.mustNotBeNull, path: name.description, order: member)
        }
        self.sortFailures(from: object.firstFailure)
    }

    private mutating func attributeFailures(from first: Int, to member: Int, in object: WireObject) {
        self.prefixFailures(from: first, with: object.members.names[member].description, order: member)
    }
}

extension StaticString {
    func isEqual(to bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let count = self.utf8CodeUnitCount
        guard bytes.count == count else {
            return false
        }
        let own = self.utf8Start
        for index in 0..<count where own[index] != bytes[index] {
            return false
        }
        return true
    }
}
