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

    /// A signer for one caller.
    func signer(service: String = "codepipeline") -> RequestSigner {
        RequestSigner(target: self, secret: self.secret, service: service)
    }
}

/// Makes the bytes of signed requests; keeps the signing key of the day.
struct RequestSigner {
    private let target: Target
    private let secret: String
    private let service: String
    private let host: String
    private var day = ""
    private var scope = ""
    /// The day's key taken in, which is half of the work of a signature.
    private var keyed = HMAC<SHA256>(key: SymmetricKey(size: .bits256))
    private var second: time_t = 0
    private var stamp = ""

    fileprivate init(target: Target, secret: String, service: String) {
        self.target = target
        self.secret = secret
        self.service = service
        self.host = "127.0.0.1:\(target.port)"
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
        var names = "content-type;host;x-amz-date;x-amz-target"
        var wait = ""
        if let waitSeconds {
            names += ";x-penstock-wait-seconds"
            wait = "x-penstock-wait-seconds:\(waitSeconds)"
        }
        // Bytes all the way, since what this takes is taken from what is measured.
        var canonical: [UInt8] = []
        canonical.reserveCapacity(512)
        canonical += "POST\n/\n\ncontent-type:application/x-amz-json-1.1\nhost:".utf8
        canonical += self.host.utf8
        canonical += "\nx-amz-date:".utf8
        canonical += self.stamp.utf8
        canonical += "\nx-amz-target:".utf8
        canonical += name.utf8
        canonical.append(newline)
        if !wait.isEmpty {
            canonical += wait.utf8
            canonical.append(newline)
        }
        canonical.append(newline)
        canonical += names.utf8
        canonical.append(newline)
        appendHexadecimal(SHA256.hash(data: body), to: &canonical)

        var text: [UInt8] = []
        text.reserveCapacity(256)
        text += "AWS4-HMAC-SHA256\n".utf8
        text += self.stamp.utf8
        text.append(newline)
        text += self.scope.utf8
        text.append(newline)
        appendHexadecimal(SHA256.hash(data: canonical), to: &text)

        var request: [UInt8] = []
        request.reserveCapacity(768 + body.count)
        request += "POST / HTTP/1.1\r\nContent-Type: application/x-amz-json-1.1\r\nHost: ".utf8
        request += self.host.utf8
        request += "\r\nX-Amz-Date: ".utf8
        request += self.stamp.utf8
        request += "\r\nX-Amz-Target: ".utf8
        request += name.utf8
        request += "\r\nContent-Length: \(body.count)\r\n".utf8
        if !wait.isEmpty {
            request += wait.utf8
            request += "\r\n".utf8
        }
        request += "Authorization: AWS4-HMAC-SHA256 Credential=".utf8
        request += self.target.accessKeyID.utf8
        request.append(UInt8(ascii: "/"))
        request += self.scope.utf8
        request += ", SignedHeaders=".utf8
        request += names.utf8
        request += ", Signature=".utf8
        var keyed = self.keyed
        keyed.update(data: text)
        appendHexadecimal(keyed.finalize(), to: &request)
        request += "\r\n\r\n".utf8
        request += body
        return request
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
        self.scope = "\(day)/\(self.target.region)/\(self.service)/aws4_request"
        var key = SymmetricKey(data: Array("AWS4\(self.secret)".utf8))
        for part in [day, self.target.region, self.service, "aws4_request"] {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
        }
        self.keyed = HMAC(key: key)
    }
}

private let newline = UInt8(ascii: "\n")
private let digits = Array("0123456789abcdef".utf8)

private func appendHexadecimal(_ bytes: some Sequence<UInt8>, to text: inout [UInt8]) {
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
}
