// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
import PenstockWire

/// Where the load goes and as whom: makes whole signed requests.
///
/// It signs by itself, with the day's key at hand, so that the service's own signing is neither used nor measured twice.
struct Target: Sendable {
    let port: UInt16
    let accessKeyID: String
    let region: String
    private let secret: String

    init(port: UInt16, accessKeyID: String, secret: String, region: String = "eu-central-1") {
        self.port = port
        self.accessKeyID = accessKeyID
        self.secret = secret
        self.region = region
    }

    /// A signer for one thread.
    func signer(service: String = "codepipeline") -> RequestSigner {
        RequestSigner(target: self, secret: self.secret, service: service)
    }
}

/// Makes the bytes of signed requests; keeps the signing key of the day.
struct RequestSigner {
    private let target: Target
    private let secret: String
    private let service: String
    private var day = ""
    private var key = SymmetricKey(size: .bits256)
    private var second: time_t = 0
    private var stamp = ""

    fileprivate init(target: Target, secret: String, service: String) {
        self.target = target
        self.secret = secret
        self.service = service
    }

    mutating func request<Operation: WireOperation>(
        _ operation: Operation.Type, _ input: Operation.Input, waitSeconds: Int? = nil
    ) -> [UInt8] {
        self.request(
            target: "\(Operations.targetPrefix).\(operation.name)", body: operation.encodeInput(input),
            waitSeconds: waitSeconds)
    }

    mutating func request(target name: String, body: [UInt8], waitSeconds: Int? = nil) -> [UInt8] {
        self.refresh()
        let host = "127.0.0.1:\(self.target.port)"
        var canonical = "POST\n/\n\ncontent-type:application/x-amz-json-1.1\nhost:\(host)\nx-amz-date:\(self.stamp)\n"
        canonical += "x-amz-target:\(name)\n"
        var names = "content-type;host;x-amz-date;x-amz-target"
        if let waitSeconds {
            canonical += "x-penstock-wait-seconds:\(waitSeconds)\n"
            names += ";x-penstock-wait-seconds"
        }
        canonical += "\n\(names)\n\(hexadecimal(SHA256.hash(data: body)))"
        let scope = "\(self.day)/\(self.target.region)/\(self.service)/aws4_request"
        let text = "AWS4-HMAC-SHA256\n\(self.stamp)\n\(scope)\n\(hexadecimal(SHA256.hash(data: Array(canonical.utf8))))"
        let signature = hexadecimal(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: self.key))
        var head = "POST / HTTP/1.1\r\nHost: \(host)\r\nContent-Type: application/x-amz-json-1.1\r\n"
        head += "X-Amz-Date: \(self.stamp)\r\nX-Amz-Target: \(name)\r\nContent-Length: \(body.count)\r\n"
        if let waitSeconds { head += "x-penstock-wait-seconds: \(waitSeconds)\r\n" }
        head += "Authorization: AWS4-HMAC-SHA256 Credential=\(self.target.accessKeyID)/\(scope), "
        head += "SignedHeaders=\(names), Signature=\(signature)\r\n\r\n"
        return Array(head.utf8) + body
    }

    private mutating func refresh() {
        let now = time(nil)
        guard now != self.second else { return }
        self.second = now
        var seconds = now
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let day = String(format: "%04d%02d%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday)
        self.stamp = day + String(format: "T%02d%02d%02dZ", parts.tm_hour, parts.tm_min, parts.tm_sec)
        guard day != self.day else { return }
        self.day = day
        var key = SymmetricKey(data: Array("AWS4\(self.secret)".utf8))
        for part in [day, self.target.region, self.service, "aws4_request"] {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
        }
        self.key = key
    }
}

private let digits = Array("0123456789abcdef".utf8)

private func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(64)
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}
