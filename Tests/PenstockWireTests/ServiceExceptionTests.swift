// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

@Suite struct ServiceExceptionTests {
    @Test(
        arguments: [
            (#"{"__type":"JobNotFoundException","message":"m"}"#, nil, "JobNotFoundException", "m"),
            (
                #"{"__type":"com.amazonaws.codepipeline#JobNotFoundException:http://x/","Message":"M"}"#, nil,
                "JobNotFoundException", "M"
            ),
            (#"{"message":"m","Message":"M"}"#, "a#ConflictException", "ConflictException", "m"),
            (#"{"code":"ConflictException"}"#, nil, "ConflictException", ""),
            (#"{"__type":"A","code":"B"}"#, "C", "A", ""),
            ("<html>", "ThrottlingException", "ThrottlingException", ""),
            ("", nil, "UnknownError", ""),
            (#"{"__type":7}"#, nil, "UnknownError", ""),
        ] as [(String, String?, String, String)])
    func `A client finds the code where the SDKs look for it`(
        body: String, header: String?, code: String, message: String
    ) {
        let exception = ServiceException.decode(body: Array(body.utf8), errorType: header, httpStatus: 418)
        #expect(exception == ServiceException(ExceptionCode(rawValue: code), message, httpStatus: 418))
    }

    @Test func `Faults of the service are not 400`() {
        #expect(ServiceException(.internalFailure, "").httpStatus == 500)
        #expect(ServiceException(.serviceUnavailable, "").httpStatus == 503)
        #expect(ServiceException(.requestEntityTooLarge, "").httpStatus == 413)
        #expect(ServiceException(.accessDenied, "").httpStatus == 400)
        #expect(ServiceException(.unknownOperation, "", httpStatus: 404).httpStatus == 404)
    }
}
