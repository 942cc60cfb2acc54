// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Bytes that grow at their end, of one owner.
///
/// Documents are written in many small pieces, and for each an array would ask anew whether somebody else holds it.
struct GrowingBytes: ~Copyable {
    private(set) var count = 0
    private var capacity: Int
    /// The first `count` bytes of these are initialized.
    private var start: UnsafeMutablePointer<UInt8>

    /// - Parameter capacity: Bytes to set aside at first, at least one.
    init(capacity: Int) {
        self.capacity = max(capacity, 1)
        self.start = .allocate(capacity: self.capacity)
    }

    deinit { self.start.deallocate() }

    /// A copy of all bytes.
    var array: [UInt8] { Array(UnsafeBufferPointer(start: self.start, count: self.count)) }

    mutating func append(_ byte: UInt8) {
        self.reserve(1)
        self.start[self.count] = byte
        self.count += 1
    }

    mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let source = bytes.baseAddress else { return }
        self.reserve(bytes.count)
        (self.start + self.count).initialize(from: source, count: bytes.count)
        self.count += bytes.count
    }

    mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { self.append($0) }
    }

    mutating func append(_ text: StaticString) {
        self.append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { self.append($0) }
    }

    /// Appends the number's decimal digits, without a text in between.
    mutating func append(decimal value: Int64) {
        if value < 0 { self.append(UInt8(ascii: "-")) }
        self.append(decimal: value.magnitude)
    }

    /// Appends the number's decimal digits, without a text in between.
    mutating func append(decimal value: UInt64) {
        // As many as the largest number has.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var start = digits.endIndex
            var rest = value
            repeat {
                start -= 1
                digits.initializeElement(at: start, to: Self.ascii(rest % 10))
                rest /= 10
            } while rest != 0
            self.append(UnsafeBufferPointer(rebasing: digits[start...]))
        }
    }

    /// - Parameter digit: 0 to 9.
    mutating func append(digit: UInt64) { self.append(Self.ascii(digit)) }

    private static func ascii(_ digit: UInt64) -> UInt8 { UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: digit) }

    /// Makes room for so many more bytes.
    private mutating func reserve(_ more: Int) {
        if self.capacity - self.count < more { self.grow(by: more) }
    }

    @inline(never)
    private mutating func grow(by more: Int) {
        let old = self.start
        self.capacity = max(self.capacity * 2, self.count + more)
        self.start = .allocate(capacity: self.capacity)
        self.start.moveInitialize(from: old, count: self.count)
        old.deallocate()
    }
}
