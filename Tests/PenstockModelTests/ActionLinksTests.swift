// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import Testing

struct ActionLinksTests {
    private static let configuration = [
        KeyedValue("Project", "shop/é #1"), KeyedValue("Token", "secret"), KeyedValue("Branch", "#{Source.Branch}"),
        KeyedValue("Undeclared", "x"),
    ]

    private static func type(entity: String? = nil, execution: String? = nil, revision: String? = nil)
        -> ActionTypeDefinition
    {
        ActionTypeDefinition(
            id: .manualApproval,
            properties: [
                ActionTypeProperty(name: "Project", isRequired: true, isQueryable: true),
                ActionTypeProperty(name: "Token", isRequired: true, isSecret: true),
                ActionTypeProperty(name: "Branch", isRequired: false),
                ActionTypeProperty(name: "Missing", isRequired: false),
            ],
            inputArtifacts: ArtifactCount(0, 0),
            outputArtifacts: ArtifactCount(0, 0),
            urls: ActionTypeURLs(entity: entity, execution: execution, revision: revision)
        )
    }

    private static func entity(_ template: String) -> String? {
        ActionLinks(Self.type(entity: template), configuration: Self.configuration).entity
    }

    @Test func `A value is put in as one segment of a path, so that it leads nowhere else`() {
        #expect(Self.entity("https://ci/{Config:Project}/runs") == "https://ci/shop%2F%C3%A9%20%231/runs")
    }

    @Test func `A template without placeholders is the link`() {
        #expect(Self.entity("https://ci/") == "https://ci/")
        #expect(ActionLinks(Self.type(), configuration: []).entity == nil)
    }

    @Test(arguments: ["Token", "Branch", "Missing", "Undeclared", "project", ""])
    func `There is no link with a secret, an unresolved or an unknown value`(key: String) {
        #expect(Self.entity("https://ci/{Config:\(key)}") == nil)
    }

    @Test func `A secret does not come in by another way`() {
        #expect(Self.entity("https://ci/{Token}") == nil)
        #expect(Self.entity("https://ci/{config:Token}") == nil)
        #expect(Self.entity("https://ci/{{Config:Token}}") == nil)
    }

    @Test func `A brace that nothing closes is text`() {
        #expect(Self.entity("https://ci/{Config:Project") == "https://ci/{Config:Project")
        #expect(Self.entity("https://ci/}") == "https://ci/}")
    }

    @Test func `A run's link waits for what the run is called`() {
        let links = ActionLinks(
            Self.type(execution: "https://ci/{Config:Project}/{ExternalExecutionId}"), configuration: Self.configuration
        )
        #expect(links.execution(externalExecutionID: nil) == nil)
        #expect(links.execution(externalExecutionID: "../7") == "https://ci/shop%2F%C3%A9%20%231/..%2F7")
    }

    @Test func `Only a run's link knows what the run is called`() {
        let links = ActionLinks(Self.type(revision: "https://ci/{ExternalExecutionId}"), configuration: [])
        #expect(links.revision == nil)
    }

    @Test func `Links that show no configuration need none`() {
        #expect(!Self.type(execution: "https://ci/{ExternalExecutionId}").urls.showConfiguration)
        #expect(Self.type(revision: "https://ci/{Config:Project}").urls.showConfiguration)
    }

    @Test func `Pollers select by the one property that is queryable`() {
        #expect(Self.type().queryableProperty?.name == "Project")
    }
}
