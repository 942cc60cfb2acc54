// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
package import PenstockStore

extension EventMessage {
    /// Who all events come from.
    package static let source = "aws.codepipeline"

    /// The whole document as targets get it: a change of state in its envelope, a request for approval as it is.
    ///
    /// Source: AWS CodePipeline User Guide, Monitoring CodePipeline events; SNS notification format for manual approvals.
    package var document: String {
        switch (self.kind, self.notificationRule) {
        case (.approval, _): self.detail
        case (.stateChange, nil):
            JSONValue.object([
                JSONValue.Member("version", "0"),
                JSONValue.Member("id", self.id.description),
                JSONValue.Member("detail-type", self.detailType),
                JSONValue.Member("source", Self.source),
                JSONValue.Member("account", self.pipeline.scope.account.rawValue),
                JSONValue.Member("time", self.at.text),
                JSONValue.Member("region", self.pipeline.scope.region.rawValue),
                JSONValue.Member("resources", .list([.text(self.pipeline.arn)])),
                JSONValue.Member("detail", .json(self.detail)),
                JSONValue.Member("additionalAttributes", self.additionalAttributes.map { .json($0) }),
            ]).rendered
        case (.stateChange, let rule?): self.notification(of: rule)
        }
    }

    /// The form of processed events.
    ///
    /// Source: Developer Tools console User Guide, Understanding notification contents and security.
    private func notification(of rule: String) -> String {
        JSONValue.object([
            JSONValue.Member("account", self.pipeline.scope.account.rawValue),
            JSONValue.Member("detailType", self.detailType),
            JSONValue.Member("region", self.pipeline.scope.region.rawValue),
            JSONValue.Member("source", Self.source),
            JSONValue.Member("time", self.at.text),
            JSONValue.Member("notificationRuleArn", rule),
            JSONValue.Member("detail", .json(self.detail)),
            JSONValue.Member("resources", .list([.text(self.pipeline.arn)])),
            JSONValue.Member("additionalAttributes", .json(self.additionalAttributes ?? "{}")),
        ]).rendered
    }

    /// The detail with all that the document says beside it, for buses that carry nothing but a detail.
    package var wholeDetail: String {
        guard let additionalAttributes = self.additionalAttributes else { return self.detail }
        return self.detail.dropLast() + ",\"additionalAttributes\":\(additionalAttributes)}"
    }
}
