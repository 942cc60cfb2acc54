// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Works out the cyclic redundancy check of bytes that follow each other from the checks of each.
///
/// A check is the remainder of a division of polynomials over GF(2). To append `n` bytes is to multiply by x to the 8n,
/// so the check of the whole is that of the first part times x^8n, plus that of the second. Words are reflected: the
/// most significant bit is the coefficient of x^0.
struct ChecksumCombination<Word: FixedWidthInteger & UnsignedInteger> {
    /// Without its highest term, reflected.
    let polynomial: Word

    func combine(_ first: Word, _ second: Word, secondSizeBytes: Int64) -> Word {
        var factor = Word(1) << (Word.bitWidth - 1)
        // x^8, then its squares.
        var power = Word(1) << (Word.bitWidth - 1 - 8)
        var rest = UInt64(secondSizeBytes)
        while rest > 0 {
            if rest & 1 == 1 { factor = self.product(factor, power) }
            power = self.product(power, power)
            rest >>= 1
        }
        return self.product(first, factor) ^ second
    }

    private func product(_ left: Word, _ right: Word) -> Word {
        var (result, right) = (Word(0), right)
        for bit in stride(from: Word.bitWidth - 1, through: 0, by: -1) {
            if left >> Word(bit) & 1 == 1 { result ^= right }
            right = right & 1 == 1 ? right >> 1 ^ self.polynomial : right >> 1
        }
        return result
    }
}
