// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PenstockClient
import PenstockSigning
import PenstockTesting
import Synchronization
import Testing

/// What a client does with answers that are none, up to the wire.
@Suite(.timeLimit(.minutes(10))) struct RetryTests {
    private func refusing(_ status: Int, _ headers: HTTPFields = [:]) -> ScriptedTransport.Answer {
        { _ in .json(#"{"__type":"InternalFailure"}"#, status: status, headers: headers) }
    }

    private let succeeding: ScriptedTransport.Answer = { _ in pipelineList(["shop"]) }

    /// The waits between attempts, without the deadline that runs beside them.
    private func waits(_ pacing: ManualPacing) -> [Duration] {
        pacing.sleeps.filter { $0 != .seconds(60) }
    }

    @Test func `A service in trouble is asked again after waits that grow by chance`() async throws {
        let service = ScriptedTransport([self.refusing(500), self.refusing(503), self.succeeding])
        let pacing = ManualPacing(skippingSleepsUpTo: .seconds(20), chance: 0.25)
        _ = try await client(service, pacing: pacing).listPipelines()
        #expect(service.requests.count == 3)
        #expect(self.waits(pacing) == [.milliseconds(250), .milliseconds(500)])
    }

    @Test func `Every attempt is signed anew`() async throws {
        let service = ScriptedTransport([self.refusing(500), self.refusing(500), self.succeeding])
        let pacing = ManualPacing(skippingSleepsUpTo: .seconds(20), chance: 1)
        _ = try await client(service, pacing: pacing).listPipelines()
        let dates = service.requests.map { $0.header("X-Amz-Date") }
        #expect(dates == ["20261123T120000Z", "20261123T120001Z", "20261123T120003Z"])
    }

    @Test func `The third refusal is the call's`() async throws {
        let service = ScriptedTransport { _ in .refusal(.throttling, "slow down") }
        await #expect(throws: ListPipelinesError.self) { try await client(service).listPipelines() }
        #expect(service.requests.count == 3)
        do throws(ListPipelinesError) {
            _ = try await client(service).listPipelines()
        } catch {
            #expect(error.serviceError?.code == .throttling)
            #expect(error.serviceError?.attempts == 3)
        }
    }

    @Test func `What was refused for good is sent once`() async throws {
        for code in [ExceptionCode.validation, .accessDenied, .unrecognizedClient, .jobNotFound, .expiredToken] {
            let service = ScriptedTransport { _ in .refusal(code) }
            await #expect(throws: ListPipelinesError.self) { try await client(service).listPipelines() }
            #expect(service.requests.count == 1, "\(code)")
        }
    }

    @Test func `A broken connection is tried again`() async throws {
        let service = ScriptedTransport([
            { _ in throw TransportError(.connectionFailed, "reset") },
            { _ in throw TransportError(.timedOut, "late") }, self.succeeding,
        ])
        _ = try await client(service).listPipelines()
        #expect(service.requests.count == 3)
    }

    @Test func `A body that breaks off is tried again`() async throws {
        let broken: ScriptedTransport.Answer = { _ in
            let pieces = AsyncThrowingStream<[UInt8], any Error> { source in
                source.yield(Array(#"{"pipelines""#.utf8))
                source.finish(throwing: TransportError(.connectionFailed, "reset"))
            }
            return TransportResponse(status: 200, body: TransportBody(pieces))
        }
        let service = ScriptedTransport([broken, self.succeeding])
        let answer = try await client(service).listPipelines()
        #expect(answer.pipelines?.count == 1)
    }

    @Test func `A service says how long to wait, in seconds, in milliseconds or as a date`() async throws {
        let retryAfter = try #require(HTTPField.Name("Retry-After"))
        let amzRetryAfter = try #require(HTTPField.Name("x-amz-retry-after"))
        let cases: [(HTTPField.Name, String, Duration)] = [
            (retryAfter, "7", .seconds(7)), (amzRetryAfter, "1500", .milliseconds(1500)),
            (retryAfter, "Mon, 23 Nov 2026 12:00:09 GMT", .seconds(9)), (retryAfter, "-3", .zero),
        ]
        for (name, value, wait) in cases {
            let headers: HTTPFields = [name: value]
            let service = ScriptedTransport([self.refusing(503, headers), self.succeeding])
            let pacing = ManualPacing(skippingSleepsUpTo: .seconds(20), chance: 0)
            _ = try await client(service, pacing: pacing).listPipelines()
            #expect(self.waits(pacing) == (wait == .zero ? [] : [wait]), "\(headers)")
        }
    }

    @Test func `All calls of a client share one budget, and copies of the client too`() async throws {
        let service = ScriptedTransport { _ in .refusal(.internalFailure) }
        let first = client(service)
        let second = first
        // Two retries at 5 of 500 tokens each: fifty calls use the budget up.
        for call in 0..<50 {
            _ = try? await (call.isMultiple(of: 2) ? first : second).listPipelines()
        }
        #expect(service.requests.count == 150)
        _ = try? await first.listPipelines()
        _ = try? await second.listPipelines()
        #expect(service.requests.count == 152)
    }

    @Test func `A policy may forbid all retries`() async throws {
        let service = ScriptedTransport { _ in .refusal(.internalFailure) }
        _ = try? await client(service, policy: .never).listPipelines()
        #expect(service.requests.count == 1)
    }

    // MARK: The clock

    /// A service whose clock is ahead, and which looks at the dates of signatures.
    private func service(aheadBySeconds ahead: Int64) -> ScriptedTransport {
        ScriptedTransport { request in
            let date = request.header("X-Amz-Date").flatMap { SigningTime(basicFormat: $0) }
            let now = SigningTime(secondsSinceEpoch: 1_795_435_200 + ahead)
            guard let date, abs(date.secondsSinceEpoch - now.secondsSinceEpoch) <= 300 else {
                let headers: HTTPFields = [.date: ahead == 3600 ? "Mon, 23 Nov 2026 13:00:00 GMT" : "never"]
                return .refusal(.invalidSignature, "Signature expired", headers: headers)
            }
            return pipelineList([])
        }
    }

    @Test func `A wrong clock is corrected at once, and stays corrected for later calls`() async throws {
        let service = self.service(aheadBySeconds: 3600)
        let pacing = ManualPacing()
        let client = client(service, pacing: pacing)
        _ = try await client.listPipelines()
        _ = try await client.listPipelines()
        let dates = service.requests.map { $0.header("X-Amz-Date") }
        #expect(dates == ["20261123T120000Z", "20261123T130000Z", "20261123T130000Z"])
        #expect(self.waits(pacing).isEmpty)
    }

    @Test func `A signature that is wrong for another reason is refused once`() async throws {
        for headers in [[.date: "Mon, 23 Nov 2026 12:03:00 GMT"], [.date: "never"], [:]] as [HTTPFields] {
            let service = ScriptedTransport { _ in .refusal(.invalidSignature, headers: headers) }
            _ = try? await client(service).listPipelines()
            #expect(service.requests.count == 1)
        }
    }

    // MARK: Credentials

    /// Hands out one key after the other.
    private final class RotatingCredentials: CredentialProvider {
        let generation = Mutex(1)

        func credentials() async throws(CredentialsError) -> SigningCredentials {
            SigningCredentials(
                accessKeyID: "AKID\(self.generation.withLock { $0 })", secretAccessKey: SecretAccessKey("s"))
        }

        func discard(_ expired: SigningCredentials) async -> Bool {
            self.generation.withLock { $0 += 1 }
            return true
        }
    }

    @Test func `Credentials that have expired are replaced once, if others can be had`() async throws {
        let service = ScriptedTransport { request in
            request.header("Authorization")?.contains("AKID2/") == true
                ? pipelineList([]) : .refusal(.expiredToken)
        }
        _ = try await client(service, credentials: RotatingCredentials()).listPipelines()
        #expect(service.requests.count == 2)
        let refusing = ScriptedTransport { _ in .refusal(.expiredToken) }
        _ = try? await client(refusing, credentials: RotatingCredentials()).listPipelines()
        #expect(refusing.requests.count == 2)
    }

    @Test func `Without credentials nothing is sent`() async throws {
        struct None: CredentialProvider {
            func credentials() async throws(CredentialsError) -> SigningCredentials {
                throw CredentialsError("nobody is signed in")
            }
        }
        let service = ScriptedTransport { _ in pipelineList([]) }
        do throws(ListPipelinesError) {
            _ = try await client(service, credentials: None()).listPipelines()
        } catch {
            #expect(error.callFailure?.code == .noCredentials)
            #expect(error.callFailure?.attempts == 0)
        }
        #expect(service.requests.isEmpty)
    }
}
