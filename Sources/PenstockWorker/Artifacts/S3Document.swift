// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// The little that the kit reads from and writes into the documents of S3: texts of single elements.
enum S3Document {
    /// The most bytes of a document that are read.
    static let maximumBytes = 1 << 20

    /// The text of the first element of that name, if it holds nothing but text.
    static func text(of element: String, in document: [UInt8]) -> String? {
        let opening = Array("<\(element)>".utf8)
        let closing = Array("</\(element)>".utf8)
        guard let start = document.firstRange(of: opening)?.upperBound,
            let end = document[start...].firstRange(of: closing)?.lowerBound
        else { return nil }
        return self.unescaped(document[start..<end])
    }

    /// Whether the document's outermost element has that name.
    static func hasRoot(_ element: String, _ document: [UInt8]) -> Bool {
        let text = String(decoding: document.prefix(4096), as: UTF8.self)
        let rest = text.drop { $0.isWhitespace }
        guard rest.hasPrefix("<?") else { return rest.hasPrefix("<\(element)>") || rest.hasPrefix("<\(element) ") }
        let body = rest.drop { $0 != ">" }.dropFirst().drop { $0.isWhitespace }
        return body.hasPrefix("<\(element)>") || body.hasPrefix("<\(element) ")
    }

    /// The error that a refusal holds.
    static func error(_ document: [UInt8], httpStatus: Int, requestID: String?, attempts: Int) -> ServiceError {
        ServiceError(
            ExceptionCode(rawValue: self.text(of: "Code", in: document) ?? "UnknownError"),
            self.text(of: "Message", in: document) ?? "", httpStatus: httpStatus, requestID: requestID,
            attempts: attempts)
    }

    /// What CompleteMultipartUpload is sent.
    static func completion(_ parts: [UploadedPart]) -> [UInt8] {
        let list = parts.sorted { $0.number < $1.number }.map { part in
            "<Part><PartNumber>\(part.number)</PartNumber><ETag>\(self.escaped(part.etag))</ETag>"
                + "<ChecksumCRC64NVME>\(part.checksum)</ChecksumCRC64NVME></Part>"
        }
        let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
        return Array(
            #"<CompleteMultipartUpload xmlns="\#(namespace)">\#(list.joined())</CompleteMultipartUpload>"#.utf8)
    }

    private static let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#34;", "\""), ("&apos;", "'")]

    private static func unescaped(_ text: ArraySlice<UInt8>) -> String? {
        let text = String(decoding: text, as: UTF8.self)
        guard !text.contains("<") else { return nil }
        let plain = self.entities.reduce(text) { $0.replacing($1.0, with: $1.1) }
        return plain.replacing("&amp;", with: "&")
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
