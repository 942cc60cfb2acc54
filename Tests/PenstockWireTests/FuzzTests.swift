// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockWire
import Testing

/// Bodies that nobody meant to send. Nothing may crash, and what is refused must also be refused, as JSON, by others.
@Suite struct FuzzTests {
    @Test(arguments: operationSamples)
    func `A body that was damaged anywhere is read or refused`(sample: OperationSample) {
        var random = SplitMix(seed: UInt64(sample.request.utf8.count))
        for _ in 0..<1000 {
            let body = Self.damaged(Array(sample.request.utf8), using: &random)
            do throws(WireError) {
                try sample.readRequest(body)
                #expect(Self.isJSON(body), "accepted: \(String(decoding: body, as: UTF8.self))")
            } catch {
                #expect(!error.message.isEmpty)
                if error.code == .brokenConstraints {
                    #expect(Self.isJSON(body), "accepted: \(String(decoding: body, as: UTF8.self))")
                    #expect(error.failures.allSatisfy { !$0.path.isEmpty })
                }
            }
        }
    }

    @Test(arguments: operationSamples)
    func `A body that was cut off is refused`(sample: OperationSample) {
        let body = Array(sample.request.utf8)
        for length in 1..<body.count {
            #expect(throws: WireError.self) { try sample.readRequest(Array(body[..<length])) }
        }
    }

    /// Foundation is the judge of what is JSON; of empty bodies, repeated keys and huge numbers it thinks otherwise.
    private static func isJSON(_ body: [UInt8]) -> Bool {
        guard !body.isEmpty else {
            return true
        }
        do {
            _ = try JSONSerialization.jsonObject(with: Data(body))
            return true
        } catch let error as NSError {
            let text = "\(error.userInfo)"
            return text.contains("uplicate") || text.contains("number")
        }
    }

    private static func damaged(_ body: [UInt8], using random: inout SplitMix) -> [UInt8] {
        var body = body
        let tokens = [
            "{", "}", "[", "]", ",", ":", "\"", "\\", "null", "1e9", "-", "\\ud800", "\u{0}", "é", " ", "true",
        ]
        for _ in 0...Int.random(in: 0...3, using: &random) {
            let position = Int.random(in: 0..<max(body.count, 1), using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0 where !body.isEmpty: body.remove(at: position)
            case 1 where !body.isEmpty: body[position] = UInt8.random(in: 0...255, using: &random)
            case 2 where !body.isEmpty:
                let end = Int.random(in: position...body.count, using: &random)
                body.append(contentsOf: body[position..<end])
            case 3 where !body.isEmpty:
                body.removeSubrange(position..<min(body.count, position + Int.random(in: 0..<20, using: &random)))
            default:
                let token = tokens[Int.random(in: 0..<tokens.count, using: &random)]
                body.insert(contentsOf: token.utf8, at: min(position, body.count))
            }
        }
        return body
    }
}
