// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PenstockModel
import PenstockOutbound
package import PenstockRuntime
import PenstockStore

/// Puts events on an event bus, one with each call of `PutEvents`.
///
/// The bus gives events an id and an account of its own, and has no place beside the detail: what the document says of
/// failures besides is in the detail here.
///
/// Source: Amazon EventBridge API Reference, PutEvents.
package struct EventBusSender: EventSender {
    /// The most bytes of one entry. Source: Amazon EventBridge API Reference, PutEvents.
    package static let maximumEntryBytes = 256 * 1024

    private let call: ServiceCall
    private let busName: String?
    private let source: String

    /// - Parameters:
    ///   - busName: A name or ARN; `nil` for the default bus.
    ///   - source: What events say they come from. AWS itself keeps those that begin with `aws.` to its own services.
    package init(call: ServiceCall, busName: String?, source: String) {
        self.call = call
        self.busName = busName
        self.source = source
    }

    package func send(_ delivery: EventDelivery) async throws(EventSendFailure) {
        let message = delivery.message
        let entry = JSONValue.object([
            JSONValue.Member("Time", .whole(Int(message.at.millisecondsSinceEpoch / 1000))),
            JSONValue.Member("Source", self.source),
            JSONValue.Member("Resources", .list([.text(message.pipeline.arn)])),
            JSONValue.Member("DetailType", message.detailType),
            JSONValue.Member("Detail", message.wholeDetail),
            JSONValue.Member("EventBusName", self.busName),
        ])
        let body = Array(JSONValue.object([JSONValue.Member("Entries", .list([entry]))]).rendered.utf8)
        guard message.wholeDetail.utf8.count < Self.maximumEntryBytes else {
            throw EventSendFailure("the event has more than \(Self.maximumEntryBytes) bytes")
        }
        let answer = try await self.call.post(
            body, contentType: "application/x-amz-json-1.1", target: "AWSEvents.PutEvents", attempt: delivery.attempt)
        try self.check(answer)
    }

    /// A refusal of the entry is told in a successful answer.
    private func check(_ answer: [UInt8]) throws(EventSendFailure) {
        let output: Output
        do {
            output = try JSONDecoder().decode(Output.self, from: Data(answer))
        } catch {
            throw EventSendFailure("\(self.call.endpoint.origin) answered what PutEvents does not answer")
        }
        guard output.failedEntryCount == 0 else {
            let entry = output.entries?.first
            let code = entry?.errorCode ?? "an error"
            throw EventSendFailure("\(self.call.endpoint.origin) refused the event: \(code)")
        }
    }

    private struct Output: Decodable {
        struct Entry: Decodable {
            var errorCode: String?

            enum CodingKeys: String, CodingKey { case errorCode = "ErrorCode" }
        }

        var failedEntryCount: Int
        var entries: [Entry]?

        enum CodingKeys: String, CodingKey {
            case failedEntryCount = "FailedEntryCount"
            case entries = "Entries"
        }
    }
}
