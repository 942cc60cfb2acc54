// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

@testable import PenstockRuntime

/// By what a repeated result is recognised; it is stored, so its form stays.
struct JobResultDigestTests {
    private static func failure(_ message: String) -> JobResult {
        .failure(FailureDetails(type: .jobFailed, message: message), externalExecutionID: "run-7")
    }

    @Test func `Equal results have one digest, and others have others`() {
        let digests = (0..<200).map { Self.failure("\($0) checks failed").digest }
        #expect(Set(digests).count == digests.count)
        #expect((0..<200).map { Self.failure("\($0) checks failed").digest } == digests)
    }

    @Test func `A digest is 64 hexadecimal digits in lower case, leading zeros included`() {
        let digests = (0..<200).map { Self.failure("\($0) checks failed").digest }
        for digest in digests {
            #expect(digest.utf8.count == 64)
            #expect(digest.allSatisfy { "0123456789abcdef".contains($0) })
        }
        // One byte in sixteen begins with the digit zero, so that some of two hundred digests do.
        #expect(digests.contains { $0.hasPrefix("0") })
    }

    @Test func `The digest of a result is what it was in every version`() {
        #expect(
            Self.failure("3 checks failed").digest
                == "78b6198aff560fe53b63347f960338b3ca49046b4c161ce3a547d21f2612e7b1"
        )
    }
}
