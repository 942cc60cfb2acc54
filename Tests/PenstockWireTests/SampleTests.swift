// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

@Suite struct SampleTests {
    @Test func `There is a sample for each of the 44 operations and of the 231 structures, exceptions included`() {
        #expect(operationSamples.map(\.name) == Operations.allNames)
        #expect(Operations.all.count == 44)
        #expect(structureSamples.count + ExceptionCode.modelled.count == 231)
        #expect(ExceptionCode.modelled.count == 42)
        #expect(Set(ExceptionCode.modelled).count == 42)
    }

    @Test(arguments: structureSamples)
    func `A structure with all of its members comes out as it went in`(sample: StructureSample) throws {
        #expect(try sample.roundTrip(sample.full) == sample.full)
    }

    @Test(arguments: structureSamples)
    func `A structure with nothing but required members comes out as it went in`(sample: StructureSample) throws {
        #expect(try sample.roundTrip(sample.minimal) == sample.minimal)
    }

    @Test(arguments: operationSamples)
    func `The bodies of an operation come out as they went in`(sample: OperationSample) throws {
        #expect(try sample.requestRoundTrip() == sample.request)
        #expect(try sample.responseRoundTrip() == sample.response)
    }

    @Test(arguments: ExceptionCode.modelled)
    func `An exception comes out as it went in`(code: ExceptionCode) {
        let exception = ServiceException(code, "It \"broke\"")
        let body = exception.encodeBody()
        #expect(String(decoding: body, as: UTF8.self) == #"{"__type":"\#(code.rawValue)","message":"It \"broke\""}"#)
        #expect(exception.httpStatus == 400)
        #expect(ServiceException.decode(body: body, errorType: nil, httpStatus: 400) == exception)
    }

    @Test func `Every operation raises ValidationException and no exception of another service`() {
        for operation in Operations.all {
            #expect(operation.exceptions.contains(.validation))
            #expect(Set(operation.exceptions).isSubset(of: ExceptionCode.modelled))
        }
    }
}
