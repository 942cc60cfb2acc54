// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockRuntime
import PenstockStore
import PenstockWire
import Testing

struct CustomActionTypeTests {
    private static let place = "(Category: 'Test', Provider: 'Linter', Owner: 'Custom', Version: '1')"
    private static let delete = DeleteCustomActionTypeInput(category: .test, provider: "Linter", version: "1")

    private static func refused(_ message: String) -> ServiceException { ServiceException(.validation, message) }

    private static func create(_ bed: APITestBed, _ input: CreateCustomActionTypeInput) async throws {
        try await bed.call(Operations.CreateCustomActionType.self, input)
    }

    private static func listed(_ bed: APITestBed, as identity: TestIdentity = .customer) async throws -> [ActionType] {
        let input = ListActionTypesInput(actionOwnerFilter: .custom)
        return try await bed.call(Operations.ListActionTypes.self, input, as: identity).actionTypes
    }

    @Test func `A type is answered and listed as it was defined`() async throws {
        let bed = try await APITestBed()
        let settings = ActionTypeSettings(
            entityURLTemplate: "https://lint.example/{Config:Project}",
            executionURLTemplate: "https://lint.example/{Config:Project}/{ExternalExecutionId}"
        )
        let properties: [ActionConfigurationProperty] = [
            .sample("Project", queryable: true), .sample("Token", secret: true),
        ]
        let answer = try await bed.call(
            Operations.CreateCustomActionType.self,
            .sample(settings: settings, properties: properties, tags: [Tag(key: "team", value: "web")])
        )
        #expect(answer.actionType.id.owner == .custom)
        #expect(answer.actionType.settings == settings)
        #expect(answer.actionType.actionConfigurationProperties == properties)
        #expect(answer.tags == [Tag(key: "team", value: "web")])
        #expect(try await Self.listed(bed) == [answer.actionType])
        #expect(try await Self.listed(bed, as: .otherCustomer).isEmpty)
    }

    @Test func `A type can be polled as soon as it was made, and no more once it was deleted`() async throws {
        let bed = try await APITestBed()
        let poll = PollForJobsInput(
            actionTypeID: ActionTypeID(category: .test, owner: .custom, provider: "Linter", version: "1"))
        let missing = ServiceException(.actionTypeNotFound, "ActionType \(Self.place) is not available")
        await #expect(throws: missing) { try await bed.call(Operations.PollForJobs.self, poll) }
        try await Self.create(bed, .sample())
        #expect(try await bed.call(Operations.PollForJobs.self, poll).jobs == [])
        try await bed.call(Operations.DeleteCustomActionType.self, Self.delete)
        await #expect(throws: missing) { try await bed.call(Operations.PollForJobs.self, poll) }
        #expect(try await Self.listed(bed).isEmpty)
    }

    @Test func `A type that exists cannot be made again`() async throws {
        let bed = try await APITestBed()
        try await Self.create(bed, .sample())
        await #expect(throws: Self.refused("ActionType \(Self.place) already exists")) {
            try await Self.create(bed, .sample())
        }
    }

    @Test func `A deleted type comes back under its own definition and under no other`() async throws {
        let bed = try await APITestBed()
        try await Self.create(bed, .sample())
        try await bed.call(Operations.DeleteCustomActionType.self, Self.delete)
        let text = "ActionType \(Self.place) was deleted and had another definition; use a new version"
        await #expect(throws: Self.refused(text)) { try await Self.create(bed, .sample(inputs: 1...5)) }
        try await Self.create(bed, .sample())
        #expect(try await Self.listed(bed).count == 1)
    }

    @Test func `Deleting a type that does not exist is no error, and is not on record`() async throws {
        let bed = try await APITestBed()
        try await bed.call(Operations.DeleteCustomActionType.self, Self.delete)
        let entries = try await bed.store.read {
            try $0.auditEntries(of: TestIdentity.customer.account, limit: 10)
        }
        #expect(entries.isEmpty)
    }

    @Test func `What was made and deleted is on record`() async throws {
        let bed = try await APITestBed()
        try await Self.create(bed, .sample())
        try await bed.call(Operations.DeleteCustomActionType.self, Self.delete)
        let entries = try await bed.store.read {
            try $0.auditEntries(of: TestIdentity.customer.account, limit: 10)
        }
        #expect(Set(entries.map(\.operation)) == ["CreateCustomActionType", "DeleteCustomActionType"])
        #expect(entries.allSatisfy { $0.resource == "actiontype:Custom/Test/Linter/1" })
        #expect(entries.allSatisfy { $0.principal == TestIdentity.customer.arn })
    }

    @Test func `The quota counts types that are not deleted`() async throws {
        var settings = RuntimeSettings()
        settings.maximumCustomActionTypes = 1
        let bed = try await APITestBed(settings: settings)
        try await Self.create(bed, .sample())
        let text = "Account '111111111111' has exceeded the limit of 1 custom action types"
        await #expect(throws: ServiceException(.limitExceeded, text)) {
            try await Self.create(bed, .sample("Other"))
        }
        try await bed.call(Operations.DeleteCustomActionType.self, Self.delete)
        try await Self.create(bed, .sample("Other"))
        await #expect(throws: ServiceException(.limitExceeded, text)) { try await Self.create(bed, .sample()) }
    }

    @Test(arguments: [ActionCategory.approval, .compute])
    func `Approvals and commands cannot be custom`(category: ActionCategory) async throws {
        let bed = try await APITestBed()
        let text = "Custom action types cannot be of category '\(category.rawValue)'"
        await #expect(throws: Self.refused(text)) { try await Self.create(bed, .sample(category: category)) }
    }

    @Test func `The most artifacts are at least as many as the fewest`() async throws {
        let bed = try await APITestBed()
        var input = CreateCustomActionTypeInput.sample()
        input.inputArtifactDetails = ArtifactDetails(minimumCount: 2, maximumCount: 1)
        let wrong = input
        let text = "Maximum Number of Artifacts (1) has to be greater than or equal to minimum (2)."
        await #expect(throws: Self.refused(text)) { try await Self.create(bed, wrong) }
    }

    @Test func `Property names are unique`() async throws {
        let bed = try await APITestBed()
        await #expect(throws: Self.refused("The configuration property 'A' is defined more than once")) {
            try await Self.create(bed, .sample(properties: [.sample("A"), .sample("A")]))
        }
    }

    @Test func `One property at most is queryable`() async throws {
        let bed = try await APITestBed()
        let text =
            "Multiple queryable configuration properties found with names 'A, B'."
            + " Up to one queryable property may be specified."
        await #expect(throws: Self.refused(text)) {
            try await Self.create(
                bed, .sample(properties: [.sample("A", queryable: true), .sample("B", queryable: true)]))
        }
    }

    @Test(arguments: [
        ActionConfigurationProperty.sample("A", required: false, queryable: true),
        .sample("A", secret: true, queryable: true),
    ])
    func `A queryable property is required and not secret`(property: ActionConfigurationProperty) async throws {
        let bed = try await APITestBed()
        let text =
            "Invalid queryable property 'A'. Queryable configuration properties must be required and non-secret."
        await #expect(throws: Self.refused(text)) { try await Self.create(bed, .sample(properties: [property])) }
    }

    @Test(arguments: ["Config:Secret", "Config:Optional", "Config:Absent", "ExternalExecutionId", "Other"])
    func `A link to what an action works on shows required properties that are not secret, and nothing else`(
        placeholder: String
    ) async throws {
        let bed = try await APITestBed()
        let settings = ActionTypeSettings(entityURLTemplate: "https://lint.example/{\(placeholder)}")
        let text =
            "The entityUrlTemplate has the placeholder '{\(placeholder)}', which is neither a required property"
            + " that is not secret nor known there"
        await #expect(throws: Self.refused(text)) {
            try await Self.create(
                bed,
                .sample(
                    settings: settings,
                    properties: [.sample("Secret", secret: true), .sample("Optional", required: false)]
                )
            )
        }
    }

    @Test func `Tags of the system are refused`() async throws {
        let bed = try await APITestBed()
        await #expect {
            try await Self.create(bed, .sample(tags: [Tag(key: "aws:team", value: "web")]))
        } throws: {
            ($0 as? ServiceException)?.code == .invalidTags
        }
    }

    @Test func `Types are made and deleted by those who may`() async throws {
        let bed = try await APITestBed()
        let reader = TestIdentity.user(allowed: ["codepipeline:ListActionTypes"])
        await #expect {
            try await bed.call(Operations.CreateCustomActionType.self, .sample(), as: reader)
        } throws: {
            ($0 as? ServiceException)?.code == .accessDenied
        }
        await #expect {
            try await bed.call(Operations.DeleteCustomActionType.self, Self.delete, as: reader)
        } throws: {
            ($0 as? ServiceException)?.code == .accessDenied
        }
        #expect(try await Self.listed(bed, as: reader).isEmpty)
    }
}
