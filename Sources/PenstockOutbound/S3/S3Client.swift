// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import HTTPTypes
import NIOCore
import NIOHTTP1
import PenstockSigning

/// Sends signed requests to one S3-compatible store, or to its STS, and again where that may help.
///
/// Buckets are named in the path, which every store takes. Every request here may be repeated: a store that did not
/// answer may have done what was asked.
package struct S3Client: Sendable {
    package struct Settings: Sendable {
        /// Its path, if it has one, stands before the buckets.
        package var endpoint: EndpointURL
        /// What signatures name.
        package var region: String
        /// What signatures name besides: `s3`, or `sts`.
        package var service = "s3"
        /// From the beginning of a request to the head of its answer, and for each pause in a body. What is sent with a
        /// request gets more time, by its size.
        package var timeout: Duration
        /// How often a request is made that the store does not answer, or answers with an error of its own.
        package var maximumAttempts = 3
        /// From the end of the first attempt to the second, at most; twice as much after each further one.
        package var retryDelay = Duration.milliseconds(100)
        /// Connections that may be open at once; what needs another waits.
        package var maximumConnections = 8

        package init(endpoint: EndpointURL, region: String, timeout: Duration) {
            self.endpoint = endpoint
            self.region = region
            self.timeout = timeout
        }
    }

    /// Longer than this no retry waits.
    static let maximumRetryDelay = Duration.seconds(2)
    /// What is sent or copied slower is given up, in bytes a second.
    static let leastUploadRate: Int64 = 512 * 1024

    package let settings: Settings
    /// What requests are signed with, for other clients of the same key.
    package let credentials: S3Credentials
    private let outbound: OutboundClient
    /// What signatures are dated by.
    package let secondsSinceEpoch: @Sendable () -> Int64

    /// - Parameter secondsSinceEpoch: What signatures are dated by: real time, whatever the service's clock says.
    package init(
        _ settings: Settings, credentials: S3Credentials, secondsSinceEpoch: @escaping @Sendable () -> Int64
    ) {
        self.settings = settings
        self.credentials = credentials
        var configuration = HTTPClient.Configuration(decompression: .disabled)
        configuration.timeout.connect = TimeAmount(settings.timeout)
        configuration.timeout.read = TimeAmount(settings.timeout)
        configuration.timeout.write = TimeAmount(settings.timeout)
        configuration.httpVersion = .http1Only
        // The retries are here.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = settings.maximumConnections
        self.outbound = OutboundClient(configuration)
        self.secondsSinceEpoch = secondsSinceEpoch
    }

    /// Scheme, host and port of the store.
    package var origin: String { self.settings.endpoint.origin }

    /// Whose key signs.
    package var accessKeyID: String { self.credentials.current.accessKeyID }

    /// Until the head of the answer to a request without a body is there, or the last attempt has failed.
    package var longestAnswer: Duration {
        let attempts = self.settings.maximumAttempts
        return self.settings.timeout * attempts + Self.maximumRetryDelay * (attempts - 1)
    }

    /// Sends until there is an answer that is not an error of the store itself, or no more attempt is left.
    ///
    /// Credentials that the store refuses are read again, and tried once if they are others by now.
    package func send(_ request: S3Request) async throws(S3Failure) -> S3Answer {
        var credentials = self.credentials.current
        var (attempt, hasReplaced) = (1, false)
        while true {
            do throws(S3Failure) {
                let answer = try await self.attempt(request, credentials)
                if !hasReplaced, Self.mayRefuseCredentials(answer),
                    let others = await self.credentials.replacement(of: credentials)
                {
                    (credentials, hasReplaced) = (others, true)
                    continue
                }
                return answer
            } catch {
                guard attempt < self.settings.maximumAttempts, !Task.isCancelled else { throw error }
                try? await Task.sleep(for: self.delay(after: attempt))
                attempt += 1
            }
        }
    }

    /// At random, so that those who failed together do not come back together.
    private func delay(after attempt: Int) -> Duration {
        let most = min(self.settings.retryDelay * (1 << min(attempt - 1, 16)), Self.maximumRetryDelay)
        return most * Double.random(in: 0...1)
    }

    /// An answer to HEAD does not say why it is a refusal.
    private static func mayRefuseCredentials(_ answer: S3Answer) -> Bool {
        switch answer.status {
        case 401, 403: true
        case 400:
            answer.errorCode.map { ["ExpiredToken", "InvalidToken", "TokenRefreshRequired"].contains($0) } ?? true
        default: false
        }
    }
}

// MARK: - One attempt

extension S3Client {
    private func attempt(
        _ request: S3Request, _ credentials: SigningCredentials
    ) async throws(S3Failure) -> S3Answer {
        let answer: S3Answer
        do {
            let moved = max(request.body.sizeBytes, request.copiedBytes)
            let upload = Duration.seconds(moved / Self.leastUploadRate)
            let response = try await self.outbound.client.execute(
                self.signed(request, credentials), timeout: TimeAmount(self.settings.timeout + upload))
            answer = try await Self.answer(response, isStreamed: request.streamsAnswer)
        } catch {
            throw S3Failure("\(self.origin) did not answer: \(error)")
        }
        guard !Self.isStumble(answer) else {
            let code = answer.errorCode.map { " (\($0))" } ?? ""
            throw S3Failure("\(self.origin) answered \(answer.status)\(code)")
        }
        return answer
    }

    private static func answer(_ response: HTTPClientResponse, isStreamed: Bool) async throws -> S3Answer {
        var answer = S3Answer(status: Int(response.status.code), headers: response.headers)
        if isStreamed, answer.isSuccess {
            answer.body = response.body
        } else {
            // Read to its end also where it does not matter, for the connection's next request.
            let document = try await response.body.collect(upTo: S3Answer.maximumDocumentBytes)
            answer.document = Array(document.readableBytesView)
        }
        return answer
    }

    /// Whether the same request may be answered otherwise in a while.
    ///
    /// Source: Amazon S3 API Reference, Error responses. A success may carry an error when a request took long.
    private static func isStumble(_ answer: S3Answer) -> Bool {
        if answer.status >= 500 || answer.status == 429 { return true }
        switch answer.errorCode {
        case "RequestTimeout", "OperationAborted", "ConditionalRequestConflict": return true
        case "InternalError", "SlowDown", "ServiceUnavailable", "Throttling", "ThrottlingException": return true
        default: return false
        }
    }

    private func signed(_ request: S3Request, _ credentials: SigningCredentials) -> HTTPClientRequest {
        let endpoint = self.settings.endpoint
        let path = endpoint.target.hasSuffix("/") ? endpoint.target : endpoint.target + "/"
        let target = request.target(beneath: path)
        var signable = SignableRequest(method: request.method.rawValue, target: target, host: endpoint.authority)
        for header in request.headers {
            guard let name = HTTPField.Name(header.name) else { preconditionFailure("\(header.name) names a header") }
            signable.headers.append(HTTPField(name: name, value: header.value))
        }
        let signer = Signer(credentials: credentials, region: self.settings.region, service: self.settings.service)
        let time = SigningTime(secondsSinceEpoch: self.secondsSinceEpoch())
        signer.sign(&signable, at: time, payload: .sha256(request.body.hash))
        var sent = HTTPClientRequest(url: endpoint.origin + target)
        sent.method = request.method
        for field in signable.headers { sent.headers.add(name: field.name.rawName, value: field.value) }
        switch request.body {
        case .none: break
        case .bytes(let bytes): sent.body = .bytes(bytes)
        case .stream(let content): sent.body = .stream(content, length: .known(request.body.sizeBytes))
        }
        return sent
    }
}
