// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import AsyncHTTPClient
package import NIOHTTP1

/// What a store answers.
package struct S3Answer: Sendable {
    /// Of a document more is not read, in bytes.
    static let maximumDocumentBytes = 1024 * 1024

    package var status: Int
    package var headers: HTTPHeaders
    /// Of an answer that is to be read piece by piece.
    package var body = HTTPClientResponse.Body()
    /// The whole body of every other.
    package var document: [UInt8] = []

    package var isSuccess: Bool { 200...299 ~= self.status }

    package subscript(header: String) -> String? { self.headers.first(name: header) }

    /// Why the store refuses, such as `NoSuchKey`, if it says so.
    package var errorCode: String? { self.texts(of: "Error").isEmpty ? nil : self.text(of: "Code") }

    /// Where the bucket is, if it is elsewhere.
    package var bucketRegion: String? { self["x-amz-bucket-region"] ?? self.text(of: "Region") }

    /// The text of the first element of this name.
    package func text(of element: String) -> String? { self.texts(of: element).first }

    /// What stands in the elements of this name, in their order: their texts, if they have no elements in them.
    ///
    /// Of a store's answers a few names, codes and ids are of interest, which stand in elements of their own whatever is
    /// around them; so this looks for their tags, and whatever is no such answer has none.
    package func texts(of element: String) -> [String] {
        var rest = Substring(decoding: self.document, as: UTF8.self)
        var texts: [String] = []
        while let start = rest.firstRange(of: "<\(element)") {
            rest = rest[start.upperBound...]
            // A longer name begins alike.
            guard let end = rest.firstIndex(of: ">"), let next = rest.first, next == ">" || next.isWhitespace else {
                continue
            }
            rest = rest[rest.index(after: end)...]
            guard let close = rest.firstRange(of: "</\(element)>") else { break }
            texts.append(Self.resolved(rest[..<close.lowerBound]))
            rest = rest[close.upperBound...]
        }
        return texts
    }

    private static let references = ["lt": "<", "gt": ">", "quot": "\"", "apos": "'", "amp": "&"]

    /// The text with its references replaced; one that means nothing stays as it is.
    private static func resolved(_ text: Substring) -> String {
        var (resolved, rest) = ("", text)
        while let start = rest.firstIndex(of: "&") {
            resolved += rest[..<start]
            rest = rest[start...]
            guard let end = rest.firstIndex(of: ";"),
                let character = Self.character(rest[rest.index(after: start)..<end])
            else {
                resolved += "&"
                rest = rest.dropFirst()
                continue
            }
            resolved += character
            rest = rest[rest.index(after: end)...]
        }
        return resolved + rest
    }

    private static func character(_ reference: Substring) -> String? {
        guard reference.hasPrefix("#") else { return Self.references[String(reference)] }
        let digits = reference.dropFirst()
        let number = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return number.flatMap { Unicode.Scalar($0) }.map { String(Character($0)) }
    }
}

/// A store did not answer, or answered again and again that it cannot.
package struct S3Failure: Error, Sendable, CustomStringConvertible {
    /// For the operator: it names the store.
    package var description: String

    package init(_ description: String) { self.description = description }
}
