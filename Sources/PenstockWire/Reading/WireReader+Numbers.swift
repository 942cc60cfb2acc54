// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// A JSON number as written: sign, digits and a power of ten, so that integers and milliseconds come out exact.
struct ScannedNumber {
    var isNegative = false
    /// The first 19 significant digits.
    var digits: UInt64 = 0
    var exponent = 0
    /// Whether digits other than zero did not fit.
    var isInexact = false

    /// The number scaled by `10^power` as an integer, rounded half away from zero; `nil` when it exceeds 64 bits.
    func scaled(byPowerOfTen power: Int) -> (value: Int64, isExact: Bool)? {
        var magnitude = self.digits
        var exact = !self.isInexact
        var remaining = self.exponent + power
        guard magnitude != 0 else {
            return (0, exact)
        }
        while remaining > 0 {
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            guard !overflow else {
                return nil
            }
            magnitude = product
            remaining -= 1
        }
        var last: UInt64 = 0
        while remaining < 0, magnitude != 0 || last != 0 {
            exact = exact && last == 0
            (magnitude, last) = magnitude.quotientAndRemainder(dividingBy: 10)
            remaining += 1
        }
        exact = exact && last == 0
        magnitude += last >= 5 ? 1 : 0
        guard let value = Int64(exactly: magnitude) else {
            return nil
        }
        return (self.isNegative ? -value : value, exact)
    }
}

extension WireReader {
    /// Reads the number that is next, however long, in constant memory.
    mutating func scanNumber() throws(WireError) -> ScannedNumber {
        var number = ScannedNumber()
        if self.bytes[self.position] == UInt8(ascii: "-") {
            number.isNegative = true
            self.position += 1
        }
        let leading = self.byteOrZero
        let integerDigits = self.scanDigits(into: &number, isFraction: false)
        guard integerDigits == 1 || (integerDigits > 1 && leading != UInt8(ascii: "0")) else {
            throw .malformed("not a JSON number", at: self.position)
        }
        if self.byteOrZero == UInt8(ascii: ".") {
            self.position += 1
            guard self.scanDigits(into: &number, isFraction: true) > 0 else {
                throw .malformed("a digit expected", at: self.position)
            }
        }
        if self.byteOrZero == UInt8(ascii: "e") || self.byteOrZero == UInt8(ascii: "E") {
            self.position += 1
            number.exponent += try self.scanExponent()
        }
        return number
    }

    /// The next byte, or zero at the end, which no token contains.
    private var byteOrZero: UInt8 {
        self.position < self.bytes.count ? self.bytes[self.position] : 0
    }

    private mutating func scanDigits(into number: inout ScannedNumber, isFraction: Bool) -> Int {
        let start = self.position
        while case let digit = self.byteOrZero &- UInt8(ascii: "0"), digit <= 9 {
            self.position += 1
            if number.digits < 1_000_000_000_000_000_000 {
                number.digits = number.digits * 10 + UInt64(digit)
                number.exponent -= isFraction ? 1 : 0
            } else {
                number.isInexact = number.isInexact || digit != 0
                number.exponent += isFraction ? 0 : 1
            }
        }
        return self.position - start
    }

    /// Exponents beyond any use saturate; the sums stay far from overflow.
    private mutating func scanExponent() throws(WireError) -> Int {
        var sign = 1
        if self.byteOrZero == UInt8(ascii: "+") || self.byteOrZero == UInt8(ascii: "-") {
            sign = self.byteOrZero == UInt8(ascii: "-") ? -1 : 1
            self.position += 1
        }
        let start = self.position
        var exponent = 0
        while case let digit = self.byteOrZero &- UInt8(ascii: "0"), digit <= 9 {
            exponent = min(exponent * 10 + Int(digit), 100_000_000)
            self.position += 1
        }
        guard self.position > start else {
            throw .malformed("a digit expected", at: self.position)
        }
        return sign * exponent
    }
}
