// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PenstockClient
internal import PenstockWire

/// Which service a command talks to, as whom, and how it prints.
struct ServiceOptions: ParsableArguments {
    /// How an answer is printed.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        /// For people.
        case text
        /// The answer as the API gives it.
        case json
    }

    @Option(help: "A profile of the shared AWS files; without it the environment counts first.")
    var profile: String?

    @Option(help: "Where the service is, such as http://127.0.0.1:7480; otherwise as AWS tools find it.")
    var endpointURL: String?

    @Option(help: "The region whose pipelines are meant.")
    var region: String?

    @Option(help: "How to print: text or json.")
    var output: Format = .text

    /// A client as these options say.
    private func makeClient(patience: Duration?) throws -> CodePipelineClient {
        let endpoint = try self.endpointURL.map { url in
            guard let endpoint = Endpoint(url) else { throw ValidationError("\(url) is not the URL of an endpoint") }
            return endpoint
        }
        var configuration = try ClientConfiguration.loaded(
            profile: self.profile, region: self.region, endpoint: endpoint)
        if let patience {
            configuration.retryPolicy = .never
            configuration.callDeadline = patience
            configuration.attemptTimeout = patience
        }
        return CodePipelineClient(configuration: configuration)
    }

    /// Prints an answer in the form that was asked for.
    func show(_ answer: some WireEncodable, _ text: () -> String) {
        switch self.output {
        case .json: print(answer.jsonText)
        case .text: print(text())
        }
    }

    /// Does something with a client; what goes wrong is told as the service tells it.
    ///
    /// - Parameter patience: How long to wait for the answer of a call that takes long and must not be sent twice; `nil`
    ///   for calls as usual.
    func withClient<Result>(
        patience: Duration? = nil,
        _ body: (CodePipelineClient) async throws -> Result
    ) async throws -> Result {
        do {
            return try await body(try self.makeClient(patience: patience))
        } catch let error as CredentialsError {
            throw CommandFailure("\(error.message); eval \"$(penstock env --data-dir DIR)\" readies a shell")
        } catch let error where error is any OperationError || error is CallError {
            throw CommandFailure(explaining: error)
        }
    }
}

/// Why a command did not do what it was asked to.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// Says what the service or the network says; other errors speak for themselves.
    init(explaining error: any Error) {
        switch error {
        case let error as any OperationError:
            self.description = error.serviceError?.description ?? error.callFailure?.description ?? "\(error)"
        case CallError.refused(let error): self.description = error.description
        case CallError.failed(let failure): self.description = failure.description
        case let error: self.description = "\(error)"
        }
    }
}
