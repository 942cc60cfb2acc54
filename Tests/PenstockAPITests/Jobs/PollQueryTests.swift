// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockWire
import Testing

/// Polling for jobs with one value of a configuration property.
struct PollQueryTests {
    private static let properties = [
        PenstockModel.ActionTypeProperty(name: "Project", isRequired: true, isKey: true, isQueryable: true)
    ]

    /// Pipelines whose action has this value of the queryable property, in order of age.
    private static func bed(_ pipelines: KeyValuePairs<String, String>) async throws -> APITestBed {
        let bed = try await APITestBed()
        try await bed.register(properties: Self.properties)
        for (name, value) in pipelines {
            try await bed.createPipeline(name, configuration: [KeyedValue("Project", value)])
            bed.pass(time: .seconds(1))
        }
        return bed
    }

    private static func poll(_ bed: APITestBed, _ query: [String: String]?) async throws -> [String] {
        let input = PollForJobsInput(actionTypeID: .checker, maxBatchSize: 10, queryParam: query)
        let jobs = try #require(try await bed.call(Operations.PollForJobs.self, input).jobs)
        return try jobs.map { try #require($0.data?.pipelineContext?.pipelineName) }
    }

    @Test func `Jobs with the value are handed out, others are left to others`() async throws {
        let bed = try await Self.bed(["a": "red", "b": "blue", "c": "red"])
        #expect(try await Self.poll(bed, ["Project": "red"]) == ["a", "c"])
        #expect(try await Self.poll(bed, ["Project": "red"]) == [])
        #expect(try await Self.poll(bed, ["Project": "green"]) == [])
        #expect(try await Self.poll(bed, ["Project": "blue"]) == ["b"])
    }

    @Test func `Letters count as they are, and the whole value counts`() async throws {
        let bed = try await Self.bed(["a": "Red"])
        for value in ["red", "RED", "Re", "Reds"] {
            #expect(try await Self.poll(bed, ["Project": value]) == [], "\(value)")
        }
        #expect(try await Self.poll(bed, ["Project": "Red"]) == ["a"])
    }

    @Test func `A job comes again for its value, whoever else polled meanwhile`() async throws {
        let bed = try await Self.bed(["a": "red"])
        #expect(try await Self.poll(bed, ["Project": "red"]) == ["a"])
        #expect(try await Self.poll(bed, ["Project": "red"]) == [])
        bed.pass(time: .seconds(60))
        #expect(try await Self.poll(bed, ["Project": "blue"]) == [])
        #expect(try await Self.poll(bed, ["Project": "red"]) == ["a"])
    }

    @Test func `It is the resolved value that is compared`() async throws {
        let bed = try await APITestBed()
        try await bed.register(properties: Self.properties)
        let work = PenstockModel.ActionDeclaration.work(configuration: ["Project": "#{variables.Where}"])
        let variable = VariableDeclaration(name: "Where", defaultValue: "red")
        try await bed.createPipeline(
            APITestBed.declaration([.stage("Build", work), .stage("Release", .work())], variables: [variable]))
        #expect(try await Self.poll(bed, ["Project": "blue"]) == [])
        #expect(try await Self.poll(bed, ["Project": "red"]) == ["shop"])
    }

    @Test(arguments: [nil, [:], ["Other": "red"], ["project": "red"]] as [[String: String]?])
    func `A type with such a property must be polled by it`(query: [String: String]?) async throws {
        let bed = try await Self.bed(["a": "red"])
        let problem = "queryParam must have the one key 'Project', the queryable property"
        await #expect(throws: ServiceException(.validation, problem)) { try await Self.poll(bed, query) }
    }

    @Test func `A type without one must not`() async throws {
        let bed = try await APITestBed()
        try await bed.register()
        try await bed.createPipeline()
        let problem = "The action type has no queryable property, so queryParam must be empty"
        await #expect(throws: ServiceException(.validation, problem)) {
            try await Self.poll(bed, ["Project": "red"])
        }
        #expect(try await Self.poll(bed, [:]) == ["shop"])
    }

    @Test func `More than one key is too many`() async throws {
        let bed = try await Self.bed([:])
        await #expect(
            throws: ServiceException.invalid("queryParam", "Member must have length less than or equal to 1")
        ) { try await Self.poll(bed, ["Project": "red", "Other": "blue"]) }
    }

    @Test(arguments: ["", "a b", "é", String(repeating: "x", count: 51)])
    func `A value is 1 to 50 letters, digits, hyphens and underscores`(value: String) async throws {
        let bed = try await Self.bed([:])
        let constraints = [
            "Member must have length less than or equal to 50", "Member must have length greater than or equal to 1",
            "Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+",
        ]
        await #expect(
            throws: ServiceException.invalid(
                "queryParam", "Map value must satisfy constraint: [\(constraints.joined(separator: ", "))]")
        ) { try await Self.poll(bed, ["Project": value]) }
    }

    @Test func `A key is 1 to 50 characters`() async throws {
        let bed = try await Self.bed([:])
        let constraints = [
            "Member must have length less than or equal to 50", "Member must have length greater than or equal to 1",
        ]
        await #expect(
            throws: ServiceException.invalid(
                "queryParam", "Map keys must satisfy constraint: [\(constraints.joined(separator: ", "))]")
        ) { try await Self.poll(bed, [String(repeating: "x", count: 51): "red"]) }
    }
}
