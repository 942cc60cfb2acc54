// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// The parts of an `Authorization` header, as the bytes that it has for them.
///
/// Bytes all the way: this is done for every request, and characters cost ten times as much.
struct AuthorizationHeader {
    private(set) var credential: ArraySlice<UInt8>?
    private(set) var signedHeaders: ArraySlice<UInt8>?
    private(set) var signature: ArraySlice<UInt8>?

    /// Reads `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`, in any order. Other parts are passed over.
    ///
    /// - Throws: `.missing` for another scheme than AWS's, `.unsupportedAlgorithm` for another of AWS's,
    ///   `.ambiguous` when a part is there twice.
    init(_ header: String) throws(AuthenticationError) {
        let bytes = Array(header.utf8)
        let start = bytes.firstIndex { $0 != UInt8(ascii: " ") } ?? bytes.endIndex
        let scheme = bytes[start...].upTo(UInt8(ascii: " "))
        guard scheme.isEqual(to: signatureAlgorithm) else {
            throw scheme.starts(with: "AWS".utf8) ? .unsupportedAlgorithm(.header) : .missing
        }
        var position = scheme.endIndex
        while position < bytes.endIndex {
            let part = bytes[position...].upTo(UInt8(ascii: ","))
            position = part.endIndex + 1
            let name = part.upTo(UInt8(ascii: "="))
            guard name.endIndex < part.endIndex else { continue }
            try self.note(part[(name.endIndex + 1)...].trimmed, as: name.trimmed)
        }
    }

    private mutating func note(_ value: ArraySlice<UInt8>, as name: ArraySlice<UInt8>) throws(AuthenticationError) {
        let isRepeated: Bool
        if name.isEqual(to: "Credential") {
            (isRepeated, self.credential) = (self.credential != nil, value)
        } else if name.isEqual(to: "SignedHeaders") {
            (isRepeated, self.signedHeaders) = (self.signedHeaders != nil, value)
        } else if name.isEqual(to: "Signature") {
            (isRepeated, self.signature) = (self.signature != nil, value)
        } else {
            isRepeated = false
        }
        if isRepeated { throw .ambiguous(.header) }
    }
}

extension ArraySlice<UInt8> {
    /// Without the blanks around it.
    fileprivate var trimmed: Self {
        var text = self
        while let first = text.first, first.isBlank { text.removeFirst() }
        while let last = text.last, last.isBlank { text.removeLast() }
        return text
    }

    fileprivate func isEqual(to text: String) -> Bool {
        self.count == text.utf8.count && self.elementsEqual(text.utf8)
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
}
