// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
package import PenstockRuntime
import PenstockStore

/// Posts events to an HTTP endpoint, each signed; an answer of 200 to 299 means that it has the event.
///
/// Source: Standard Webhooks specification, version 1, for the three headers and what is signed.
package struct WebhookSender: EventSender {
    private let client: PinnedClient
    private let secret: WebhookSecret
    private let realTime: @Sendable () -> Timestamp

    /// - Parameter realTime: What signatures are dated by, whatever the service's clock says.
    package init(client: PinnedClient, secret: WebhookSecret, realTime: @escaping @Sendable () -> Timestamp) {
        self.client = client
        self.secret = secret
        self.realTime = realTime
    }

    package func send(_ delivery: EventDelivery) async throws(EventSendFailure) {
        let body = Array(delivery.message.document.utf8)
        let id = delivery.message.id.description
        let seconds = self.realTime().millisecondsSinceEpoch / 1000
        let headers = [
            ("content-type", "application/json"),
            ("user-agent", "Penstock"),
            ("webhook-id", id),
            ("webhook-timestamp", "\(seconds)"),
            ("webhook-signature", self.secret.signature(id: id, secondsSinceEpoch: seconds, body: body)),
            ("penstock-event", delivery.message.detailType),
            ("penstock-attempt", "\(delivery.attempt)"),
        ]
        let answer = try await self.client.post(body, headers: headers, attempt: delivery.attempt)
        try answer.requireSuccess(from: self.client.endpoint)
    }
}
