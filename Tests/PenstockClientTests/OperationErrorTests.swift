// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PenstockClient
import PenstockTesting
import Testing

@Suite(.timeLimit(.minutes(10))) struct OperationErrorTests {
    private let failure = FailureDetails(type: .jobFailed, message: "broken")

    private func error(
        answering response: TransportResponse
    ) async -> PutThirdPartyJobFailureResultError? {
        do throws(PutThirdPartyJobFailureResultError) {
            try await client(ScriptedTransport { _ in response })
                .putThirdPartyJobFailureResult(jobId: "job", clientToken: "token", failureDetails: self.failure)
            return nil
        } catch {
            return error
        }
    }

    @Test func `Each exception of the operation is a case of its own error`() async throws {
        for code in Operations.PutThirdPartyJobFailureResult.exceptions {
            let error = try #require(await self.error(answering: .refusal(code, "no")))
            #expect(error.isModelled, "\(code)")
            #expect(error.isAny(of: code))
            #expect(error.serviceError?.message == "no")
            let caseCode: ExceptionCode? =
                switch error {
                case .validation: .validation
                case .jobNotFound: .jobNotFound
                case .invalidJobState: .invalidJobState
                case .invalidClientToken: .invalidClientToken
                case .other, .failed: nil
                }
            #expect(caseCode == code)
        }
    }

    @Test func `What any operation may be refused with is told apart by its code`() async throws {
        let error = try #require(await self.error(answering: .refusal(.accessDenied, "not yours")))
        guard case .other(let refusal) = error else { return #expect(Bool(false), "\(error) is not other") }
        #expect(refusal.code == .accessDenied)
        #expect(!error.isModelled)
        #expect(error.callFailure == nil)
        #expect(refusal.description == "AccessDeniedException: not yours")
    }

    @Test func `A refusal tells status, request and attempts`() async throws {
        let response = TransportResponse.json(
            #"{"__type":"com.amazonaws.codepipeline#JobNotFoundException:","Message":"gone"}"#, status: 400,
            headers: [try #require(HTTPField.Name("x-amzn-RequestId")): "r-1"])
        let refusal = try #require(await self.error(answering: response)?.serviceError)
        #expect(
            refusal == ServiceError(.jobNotFound, "gone", httpStatus: 400, requestID: "r-1", attempts: 1))
        #expect(refusal.description == "JobNotFoundException: gone (request r-1)")
    }

    @Test func `A refusal whose body is not JSON keeps its status`() async throws {
        let page = TransportResponse.json("<html>no such host</html>", status: 404)
        let refusal = try #require(await self.error(answering: page)?.serviceError)
        #expect(refusal.code == ExceptionCode(rawValue: "UnknownError"))
        #expect(refusal.httpStatus == 404)
    }

    @Test func `An answer that cannot be read is a failure, not a refusal`() async throws {
        do throws(ListPipelinesError) {
            _ = try await client(ScriptedTransport { _ in .json(#"{"pipelines":7}"#) }).listPipelines()
            #expect(Bool(false), "the answer was understood")
        } catch {
            #expect(error.callFailure?.code == .invalidAnswer)
            #expect(error.serviceError == nil)
        }
    }

    @Test func `An answer that is too large is a failure`() async throws {
        let piece = [UInt8](repeating: 0x20, count: 1 << 20)
        let service = ScriptedTransport { _ in
            let (pieces, source) = AsyncStream.makeStream(of: [UInt8].self)
            for _ in 0..<17 { source.yield(piece) }
            source.finish()
            return TransportResponse(status: 200, body: TransportBody(pieces))
        }
        do throws(ListPipelinesError) {
            _ = try await client(service).listPipelines()
            #expect(Bool(false), "the answer was read")
        } catch {
            #expect(error.callFailure?.code == .invalidAnswer)
        }
        #expect(service.requests.count == 1)
    }
}
