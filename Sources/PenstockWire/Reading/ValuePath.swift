// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Where in a document a value stands, as paths of broken constraints name it: `pipeline.stages.2.member.name`.
///
/// Reading keeps no path. Once it has failed, what it has read is walked again, up to where it failed.
struct ValuePath {
    /// A name that is longer, or has other characters than members and most keys of maps have, ends the path before it.
    private static let maximumNameBytes = 100

    /// One open bracket, and where in it the walk is.
    private enum Level {
        case object(key: Range<Int>)
        case array(index: Int)
    }

    /// Empty for the document itself.
    let text: String

    /// - Parameters:
    ///   - position: Where the value begins, or anywhere before what follows it.
    ///   - bytes: What is in front of the position has been read, so it is JSON as far as it goes.
    init(of position: Int, in bytes: UnsafeBufferPointer<UInt8>) {
        var levels: [Level] = []
        var string = 0..<0
        var index = 0
        while index < position {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                string = Self.string(at: index, in: bytes)
                index = string.upperBound
            case UInt8(ascii: "{"): levels.append(.object(key: 0..<0))
            case UInt8(ascii: "["): levels.append(.array(index: 1))
            case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = levels.popLast()
            case UInt8(ascii: ":"): if !levels.isEmpty { levels[levels.count - 1] = .object(key: string) }
            case UInt8(ascii: ","):
                if case .array(let count)? = levels.last { levels[levels.count - 1] = .array(index: count + 1) }
            default: break
            }
            index += 1
        }
        var parts: [String] = []
        for level in levels {
            switch level {
            case .array(let index): parts.append("\(index).member")
            case .object(let key):
                guard let name = Self.name(bytes[key]) else {
                    self.text = parts.joined(separator: ".")
                    return
                }
                parts.append(name)
            }
        }
        self.text = parts.joined(separator: ".")
    }

    /// What is between the quotation marks, of which the first one is at the position.
    private static func string(at position: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Range<Int> {
        var end = position + 1
        while end < bytes.count, bytes[end] != UInt8(ascii: "\"") { end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1 }
        return (position + 1)..<min(end, bytes.count)
    }

    private static func name(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> String? {
        let isPlain = bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
            default: false
            }
        }
        guard isPlain, 1...Self.maximumNameBytes ~= bytes.count else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
