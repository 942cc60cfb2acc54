// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockClient

/// The code in the articles of PenstockClient.
enum ClientSnippets {
    static func listPipelines() async throws {
        let client = CodePipelineClient(configuration: try .loaded())
        for try await pipeline in client.listPipelinesPages().items {
            print(pipeline.name ?? "", pipeline.updated.map { "\($0)" } ?? "")
        }
    }

    static func callInBothForms(_ client: CodePipelineClient) async throws -> String {
        // With its members, named as on the wire.
        let started = try await client.startPipelineExecution(name: "shop")

        // With a request, which can be built step by step and sent more than once.
        var request = ListPipelineExecutionsInput(pipelineName: "shop")
        request.maxResults = 20
        let page = try await client.listPipelineExecutions(request)
        print(page.pipelineExecutionSummaries?.count ?? 0)
        return started.pipelineExecutionID ?? ""
    }

    static func tellErrorsApart(_ client: CodePipelineClient, execution: String) async throws -> String {
        do throws(StopPipelineExecutionError) {
            _ = try await client.stopPipelineExecution(pipelineName: "shop", pipelineExecutionId: execution)
            return "stopping"
        } catch .duplicatedStopRequest {
            return "stopping already"
        } catch .pipelineNotFound(let refusal) {
            return refusal.message
        } catch {
            // `error` is a StopPipelineExecutionError still.
            return error.callFailure?.message ?? "\(error)"
        }
    }

    static func tellErrorsApartByCode(_ client: CodePipelineClient, job: String, token: Sensitive) async throws {
        let details = FailureDetails(type: .jobFailed, message: "3 tests failed", externalExecutionID: "run-42")
        do {
            try await client.putThirdPartyJobFailureResult(
                jobId: job, clientToken: token, failureDetails: details)
        } catch  where error.isAny(of: .jobNotFound, .invalidJobState) {
            print("Somebody else has ended the job")
        }
    }

    static func configure(secret: String) async throws -> CodePipelineClient {
        var configuration = ClientConfiguration(
            region: "us-east-1",
            credentials: StaticCredentials(
                SigningCredentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: SecretAccessKey(secret))),
            endpoint: Endpoint("http://127.0.0.1:7480"))
        configuration.callDeadline = .seconds(10)
        configuration.retryPolicy.maximumAttempts = 5
        return CodePipelineClient(configuration: configuration)
    }

    /// Keys that a vault hands out for an hour.
    struct VaultCredentials: CredentialProvider {
        let vault: Vault

        func credentials() async throws(CredentialsError) -> SigningCredentials {
            guard let keys = await self.vault.currentKeys() else { throw CredentialsError("the vault is sealed") }
            return keys
        }

        func discard(_ expired: SigningCredentials) async -> Bool {
            await self.vault.forget(expired)
            return true
        }
    }

    /// Stands for whatever keeps keys.
    actor Vault {
        private var keys: SigningCredentials?

        init(keys: SigningCredentials?) { self.keys = keys }

        func currentKeys() -> SigningCredentials? { self.keys }

        func forget(_ expired: SigningCredentials) { if self.keys == expired { self.keys = nil } }
    }

    static func callWithDeadline(_ client: CodePipelineClient) async throws -> Bool {
        do {
            _ = try await client.getPipelineState(name: "shop", options: CallOptions(deadline: .seconds(2)))
            return true
        } catch  where error.callFailure?.code == .deadlineExceeded {
            return false
        }
    }

    /// Answers as a service without pipelines does, and remembers nothing.
    struct EmptyService: HTTPTransport {
        func send(_ request: TransportRequest) async throws(TransportError) -> TransportResponse {
            TransportResponse(status: 200, body: Array(#"{"pipelines":[]}"#.utf8))
        }
    }

    static func playTheService(_ configuration: ClientConfiguration) async throws -> Int {
        let client = CodePipelineClient(configuration: configuration, transport: EmptyService())
        return try await client.listPipelines().pipelines?.count ?? 0
    }
}
