// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes
import PenstockSigning
import PenstockWire

/// Carries calls to services of the JSON protocol.
///
/// Copies share the retry budget and the clock's correction.
package struct ServiceCaller: Sendable {
    /// The most bytes of an answer that are read.
    static let maximumAnswerBytes = 16 << 20

    package let configuration: ClientConfiguration
    package let transport: any HTTPTransport
    package let pacing: Pacing
    private let loop: AttemptLoop

    package init(configuration: ClientConfiguration, transport: any HTTPTransport, pacing: Pacing) {
        self.configuration = configuration
        self.transport = transport
        self.pacing = pacing
        self.loop = AttemptLoop(policy: configuration.retryPolicy, pacing: pacing)
    }

    /// Calls one operation and returns the body of its answer.
    ///
    /// - Parameters:
    ///   - target: The whole `X-Amz-Target`, such as `Penstock_20261123.CreateKey`.
    ///   - service: The service of the signature's scope.
    package func call(
        target: String, body: [UInt8], service: String, options: CallOptions
    ) async throws(CallError) -> [UInt8] {
        let deadline = (options.deadline ?? self.configuration.callDeadline) + (options.longPoll ?? .zero)
        return try await self.loop.run(deadline: deadline) { attempt in
            await self.send(target: target, body: body, service: service, options: options, attempt: attempt)
        }
    }

    private func send(
        target: String, body: [UInt8], service: String, options: CallOptions, attempt: Int
    ) async -> Attempt<[UInt8]> {
        let provider = self.configuration.credentials
        do {
            let credentials = try await provider.credentials()
            let request = self.request(
                target: target, body: body, service: service, options: options, credentials: credentials)
            let response = try await self.transport.send(request)
            let answer = try await response.body.collect(upTo: Self.maximumAnswerBytes)
            guard !(200..<300).contains(response.status) else { return .answered(answer) }
            let error = Self.refusal(response, answer, attempt: attempt)
            let isExpired = RefusalKind(error) == .expiredCredentials
            let hasOthers = isExpired ? await provider.discard(credentials) : false
            return .refused(error, headers: response.headers, hasOtherCredentials: hasOthers)
        } catch let error as CredentialsError {
            return .failed(CallFailure(.noCredentials, error.message, attempts: attempt - 1, underlying: error), .final)
        } catch {
            let failure = TransportError(translating: error, address: self.configuration.endpoint.origin)
            return AttemptLoop.failed(failure, attempt: attempt)
        }
    }

    private func request(
        target: String, body: [UInt8], service: String, options: CallOptions, credentials: SigningCredentials
    ) -> TransportRequest {
        let endpoint = self.configuration.endpoint
        var signable = SignableRequest(method: "POST", path: endpoint.path, host: endpoint.authority)
        signable.headers[.contentType] = Operations.contentType
        signable.headers[.amzTarget] = target
        if let longPoll = options.longPoll { signable.headers[.waitSeconds] = "\(longPoll.components.seconds)" }
        Signer(credentials: credentials, region: self.configuration.region, service: service).sign(
            &signable, at: self.loop.signingTime, payload: .sha256(PayloadHash(of: body)))
        signable.headers[.userAgent] = userAgent
        let head = HTTPRequest(
            method: .post, scheme: endpoint.scheme, authority: endpoint.authority, path: endpoint.path,
            headerFields: signable.headers)
        return TransportRequest(
            head: head, body: .bytes(body), timeout: self.configuration.attemptTimeout + (options.longPoll ?? .zero))
    }

    private static func refusal(_ response: TransportResponse, _ body: [UInt8], attempt: Int) -> ServiceError {
        let exception = ServiceException.decode(
            body: body, errorType: response.headers[.amznErrorType], httpStatus: response.status)
        return ServiceError(
            exception.code, exception.message, httpStatus: response.status,
            requestID: response.headers[.amznRequestID], attempts: attempt)
    }
}

/// What all requests of this module and the worker kit call themselves.
package let userAgent = "penstock-client"

extension HTTPField.Name {
    /// Only for literals of this module and the worker kit; an invalid one would be a bug found by the first request.
    package static func literal(_ name: String) -> Self {
        guard let field = Self(name) else { preconditionFailure("\(name) is no header name") }
        return field
    }

    fileprivate static let amzTarget = literal("X-Amz-Target")
    fileprivate static let amznErrorType = literal("x-amzn-ErrorType")
    fileprivate static let amznRequestID = literal("x-amzn-RequestId")
    fileprivate static let waitSeconds = literal("x-penstock-wait-seconds")
}
