// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Synchronization

/// Reads one object, whole and in order, and goes on where it was cut off.
///
/// Going on asks for the very object that was begun, by its entity tag.
struct Download: Sendable {
    private struct State {
        var offset: Int64 = 0
        var entityTag: String?
        var sizeBytes: Int64?
        var check = ContentCheck([:])
    }

    private final class Shared: Sendable {
        let state = Mutex(State())
    }

    let caller: S3Caller
    let place: ArtifactPlace
    let credentials: JobCredentials
    let sink: any DownloadSink
    private let shared = Shared()

    init(_ caller: S3Caller, _ place: ArtifactPlace, _ credentials: JobCredentials, into sink: any DownloadSink) {
        self.caller = caller
        self.place = place
        self.credentials = credentials
        self.sink = sink
    }

    /// Attempts that brought the download further do not count against the bound of attempts.
    func run() async throws(ArtifactError) {
        while true {
            let before = self.shared.state.withLock { $0.offset }
            do throws(ArtifactError) {
                return try await self.caller.call(
                    self.place, as: self.credentials, request: { self.request() },
                    read: { try await self.read($0, $1) })
            } catch {
                let after = self.shared.state.withLock { $0.offset }
                guard error.code == .unreachable, after > before else { throw error }
            }
        }
    }

    private func request() -> S3Request {
        var request = S3Request(method: .get, place: self.place)
        request.headers[.amzChecksumMode] = "ENABLED"
        let state = self.shared.state.withLock { $0 }
        if state.offset > 0, let tag = state.entityTag {
            request.headers[.range] = "bytes=\(state.offset)-"
            request.headers[.ifMatch] = tag
        }
        return request
    }

    private func read(_ response: TransportResponse, _ progress: Progress) async throws {
        if response.status == 206 {
            let offset = self.shared.state.withLock { $0.offset }
            let isNext = response.headers[.contentRange]?.hasPrefix("bytes \(offset)-") == true
            guard isNext else { throw self.corrupted("another range arrived than was asked for") }
        } else {
            try await self.begin(response.headers)
        }
        for try await piece in response.body {
            try await self.sink.append(piece)
            self.shared.state.withLock { state in
                state.offset += Int64(piece.count)
                state.check.update(piece)
            }
            progress.note()
        }
        // A body may end early when its task is cancelled: that is no reason to begin again.
        try Task.checkCancellation()
        let state = self.shared.state.withLock { $0 }
        guard state.sizeBytes ?? state.offset == state.offset else {
            throw self.corrupted("\(state.offset) of \(state.sizeBytes ?? 0) bytes arrived")
        }
        guard state.check.isPassed else { throw self.corrupted("its checksum is another") }
    }

    private func begin(_ headers: HTTPFields) async throws {
        let size = headers[.contentLength].flatMap { Int64($0) }
        self.shared.state.withLock { state in
            state = State(entityTag: headers[.eTag], sizeBytes: size, check: ContentCheck(headers))
        }
        try await self.sink.begin(sizeBytes: size)
    }

    /// The next attempt begins at the start.
    private func corrupted(_ why: String) -> ArtifactError {
        self.shared.state.withLock { $0 = State() }
        return ArtifactError(.corrupted, "\(self.place.name) did not arrive whole: \(why)")
    }
}

extension HTTPField.Name {
    fileprivate static let amzChecksumMode = literal("x-amz-checksum-mode")
}
