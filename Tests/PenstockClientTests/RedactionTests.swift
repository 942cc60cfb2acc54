// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockClient
import PenstockSigning
import PenstockTesting
import Testing

/// Whatever is printed, no secret is.
@Suite(.timeLimit(.minutes(10))) struct RedactionTests {
    private static let secret = "hush-hush"

    private let credentials = SigningCredentials(
        accessKeyID: "AKIDEXAMPLE", secretAccessKey: SecretAccessKey(secret), sessionToken: secret)

    /// All the ways in which a value ends up in a log.
    private func shows(_ value: Any) -> Bool {
        var dumped = ""
        dump(value, to: &dumped)
        return [dumped, String(describing: value), String(reflecting: value)].contains { $0.contains(Self.secret) }
    }

    @Test func `Configurations and clients do not show what they sign with`() {
        let configuration = ClientConfiguration(region: "eu-west-1", credentials: StaticCredentials(self.credentials))
        #expect(!self.shows(configuration))
        #expect(!self.shows(CodePipelineClient(configuration: configuration)))
    }

    @Test func `Requests do not show their tokens`() async throws {
        let (requests, seen) = AsyncStream.makeStream(of: TransportRequest.self)
        struct Tap: HTTPTransport {
            let seen: AsyncStream<TransportRequest>.Continuation
            func send(_ request: TransportRequest) async throws(TransportError) -> TransportResponse {
                self.seen.yield(request)
                return .json("")
            }
        }
        let configuration = ClientConfiguration(region: "eu-west-1", credentials: StaticCredentials(self.credentials))
        let client = CodePipelineClient(configuration: configuration, transport: Tap(seen: seen))
        try await client.putThirdPartyJobFailureResult(
            jobId: "job", clientToken: Sensitive(Self.secret),
            failureDetails: FailureDetails(type: .jobFailed, message: "broken"))
        let request = try #require(await requests.first { _ in true })
        #expect(!self.shows(request))
        #expect("\(request)" == "POST https://codepipeline.eu-west-1.amazonaws.com/")
    }

    @Test func `Inputs and outputs do not show tokens, credentials and configuration values`() throws {
        let input = GetThirdPartyJobDetailsInput(jobID: "job", clientToken: Sensitive(Self.secret))
        #expect(!self.shows(input))
        let data = JobData(
            actionConfiguration: ActionConfiguration(configuration: ["Password": Self.secret]),
            artifactCredentials: AWSSessionCredentials(
                accessKeyID: "AKID", secretAccessKey: Sensitive(Self.secret), sessionToken: Sensitive(Self.secret)))
        #expect(!self.shows(data))
    }

    @Test func `Failures do not show what was sent`() async throws {
        let service = ScriptedTransport { _ in throw TransportError(.connectionFailed, "reset") }
        let configuration = ClientConfiguration(region: "eu-west-1", credentials: StaticCredentials(self.credentials))
        let client = CodePipelineClient(
            configuration: configuration, transport: service,
            pacing: ManualPacing(skippingSleepsUpTo: .seconds(20)).pacing)
        do throws(GetThirdPartyJobDetailsError) {
            _ = try await client.getThirdPartyJobDetails(jobId: "job", clientToken: Sensitive(Self.secret))
        } catch {
            #expect(!self.shows(error))
        }
    }
}
