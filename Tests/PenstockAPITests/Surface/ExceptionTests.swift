// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockWire
import Testing

@testable import PenstockAPI

/// Refusals of the domain as exceptions of the API.
struct ExceptionTests {
    @Test(arguments: Rejection.Code.allCases)
    func `A refusal has the exception that is called as it is`(code: Rejection.Code) {
        let exception = ServiceException(Rejection(code, "text"))
        var name = code.rawValue.prefix(1).uppercased() + code.rawValue.dropFirst() + "Exception"
        if code == .concurrentExecutionsLimitExceeded { name = "ConcurrentPipelineExecutionsLimitExceededException" }
        #expect(exception.code.rawValue == name)
        #expect(ExceptionCode.modelled.contains(exception.code))
        #expect(exception.message == "text")
        #expect(exception.httpStatus == 400)
    }

    @Test func `No operation lists the exception that none may send`() {
        for operation in Operations.all { #expect(!operation.exceptions.contains(.actionTypeAlreadyExists)) }
        let sent = Set(Rejection.Code.allCases.map { ServiceException(Rejection($0, "")).code })
        #expect(!sent.contains(.actionTypeAlreadyExists))
    }
}
