// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PenstockWire

/// A client of the CodePipeline API, for Penstock as well as for AWS.
///
/// It has two methods per operation: one takes the operation's input, one its members. Copies share connections, the
/// retry budget and the clock's correction; there is nothing to close.
public struct CodePipelineClient: Sendable {
    /// The service of the signature's scope.
    private static let service = "codepipeline"

    private let caller: ServiceCaller

    /// Creates a client on the network.
    ///
    /// - Parameter transport: What carries the requests; without it the client opens connections of its own.
    public init(configuration: ClientConfiguration, transport: (any HTTPTransport)? = nil) {
        var settings = AsyncHTTPClientTransport.Configuration()
        settings.certificateAuthorityFile = configuration.certificateAuthorityFile
        self.init(
            configuration: configuration, transport: transport ?? AsyncHTTPClientTransport(configuration: settings),
            pacing: .real())
    }

    /// Creates a client with time and chance from where the caller says.
    package init(configuration: ClientConfiguration, transport: any HTTPTransport, pacing: Pacing) {
        self.caller = ServiceCaller(configuration: configuration, transport: transport, pacing: pacing)
    }

    /// Where the client calls, and as whom.
    public var configuration: ClientConfiguration { self.caller.configuration }

    /// What carries the requests, for those who send others of their own beside.
    package var transport: any HTTPTransport { self.caller.transport }

    /// Time and chance, for those who wait and poll beside.
    package var pacing: Pacing { self.caller.pacing }

    /// Calls an operation that is none of the generated ones, such as one of the administration.
    ///
    /// - Parameters:
    ///   - target: The whole `X-Amz-Target`, such as `Penstock_20261123.CreateKey`.
    ///   - service: The service of the signature's scope, `penstock` for the administration.
    /// - Returns: The body of the answer.
    package func call(
        target: String, body: [UInt8], service: String, options: CallOptions = CallOptions()
    ) async throws(CallError) -> [UInt8] {
        try await self.caller.call(target: target, body: body, service: service, options: options)
    }

    func perform<Operation: WireOperation, Failure: OperationError>(
        _ operation: Operation.Type, _ input: Operation.Input, options: CallOptions, throwing: Failure.Type
    ) async throws(Failure) -> Operation.Output {
        let answer: [UInt8]
        do {
            answer = try await self.caller.call(
                target: "\(Operations.targetPrefix).\(Operation.name)", body: Operation.encodeInput(input),
                service: Self.service, options: options)
        } catch {
            throw Failure(error)
        }
        do {
            return try Operation.decodeOutput(answer)
        } catch {
            let problem = "the answer of \(Operation.name) cannot be read: \(error.message)"
            throw Failure(CallFailure(.invalidAnswer, problem))
        }
    }

    func makeIdempotencyToken() -> String {
        UUID().uuidString.lowercased()
    }
}
