// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

/// The message with which a service answers the body.
func validationMessage<Operation: WireOperation>(_ operation: Operation.Type, _ body: String) -> String? {
    do throws(WireError) {
        _ = try operation.decodeInput(Array(body.utf8))
        return nil
    } catch {
        #expect(error.code == .brokenConstraints)
        #expect(error.exception == ServiceException(.validation, error.message))
        return error.message
    }
}

@Suite struct ValidationTests {
    static let prefix = "1 validation error detected: Value at "
    static let failed = "failed to satisfy constraint: "

    // MARK: The text of each constraint

    @Test(arguments: ["{}", #"{"name":null}"#, "", #"{"Name":"n","other":"n"}"#])
    func `A required member must be there`(body: String) {
        #expect(
            validationMessage(Operations.GetPipeline.self, body)
                == "\(Self.prefix)'name' \(Self.failed)Member must not be null")
    }

    @Test func `A pattern is quoted as the model has it`() {
        #expect(
            validationMessage(Operations.GetPipeline.self, #"{"name":"a/b"}"#)
                == #"\#(Self.prefix)'name' \#(Self.failed)Member must satisfy regular expression pattern: "#
                + #"[A-Za-z0-9.@\-_]+"#)
    }

    @Test func `A text that breaks length and pattern makes two failures`() {
        #expect(
            validationMessage(Operations.GetPipeline.self, #"{"name":""}"#)
                == "2 validation errors detected: Value at 'name' \(Self.failed)Member must have length greater than or "
                + "equal to 1; Value at 'name' \(Self.failed)Member must satisfy regular expression pattern: "
                + #"[A-Za-z0-9.@\-_]+"#)
    }

    @Test func `A text must not be too long`() {
        let name = String(repeating: "a", count: 101)
        #expect(
            validationMessage(Operations.GetPipeline.self, #"{"name":"\#(name)"}"#)
                == "\(Self.prefix)'name' \(Self.failed)Member must have length less than or equal to 100")
        #expect(validationMessage(Operations.GetPipeline.self, #"{"name":"\#(name.dropLast())"}"#) == nil)
    }

    @Test func `Length counts Unicode scalar values, not bytes, UTF-16 units or graphemes`() {
        func message(_ reason: String) -> String? {
            validationMessage(
                Operations.StopPipelineExecution.self,
                #"{"pipelineName":"p","pipelineExecutionId":"0a1b2c3d-4e5f-4789-8abc-def012345678","reason":"\#(reason)"}"#
            )
        }
        let tooLong = "\(Self.prefix)'reason' \(Self.failed)Member must have length less than or equal to 200"
        #expect(message(String(repeating: "😀", count: 200)) == nil)
        #expect(message(String(repeating: "😀", count: 201)) == tooLong)
        #expect(message(String(repeating: #"\ud83d\ude00"#, count: 200)) == nil)
        #expect(message(String(repeating: #"\ud83d\ude00"#, count: 201)) == tooLong)
        #expect(message(String(repeating: "e\u{301}", count: 100)) == nil)
        #expect(message(String(repeating: "e\u{301}", count: 101)) == tooLong)
    }

    @Test(arguments: [(0, "greater than or equal to 1"), (1001, "less than or equal to 1000")])
    func `A number must be in its range`(number: Int, rule: String) {
        #expect(
            validationMessage(Operations.ListPipelines.self, #"{"maxResults":\#(number)}"#)
                == "\(Self.prefix)'maxResults' \(Self.failed)Member must have value \(rule)")
        #expect(validationMessage(Operations.ListPipelines.self, #"{"maxResults":1}"#) == nil)
        #expect(validationMessage(Operations.ListPipelines.self, #"{"maxResults":1000}"#) == nil)
    }

    @Test func `An enumerated value must be in its set, which is listed in the model's order`() {
        #expect(
            validationMessage(Operations.ListActionTypes.self, #"{"actionOwnerFilter":"aws"}"#)
                == "\(Self.prefix)'actionOwnerFilter' \(Self.failed)"
                + "Member must satisfy enum value set: [AWS, ThirdParty, Custom]")
    }

    @Test func `A list must have its size`() {
        func message(count: Int) -> String? {
            let filters = Array(repeating: #"{"jsonPath":"$.ref"}"#, count: count).joined(separator: ",")
            return validationMessage(
                Operations.PutWebhook.self,
                #"""
                {"webhook":{"name":"w","targetPipeline":"p","targetAction":"a","filters":[\#(filters)],
                "authentication":"UNAUTHENTICATED","authenticationConfiguration":{}}}
                """#)
        }
        #expect(message(count: 5) == nil)
        #expect(
            message(count: 6)
                == "\(Self.prefix)'webhook.filters' \(Self.failed)Member must have length less than or equal to 5")
        #expect(
            validationMessage(
                Operations.StartPipelineExecution.self, #"{"name":"p","variables":[]}"#)
                == "\(Self.prefix)'variables' \(Self.failed)Member must have length greater than or equal to 1")
    }

    @Test func `A map must have its size`() {
        #expect(
            validationMessage(
                Operations.PollForJobs.self,
                #"""
                {"actionTypeId":{"category":"Build","owner":"Custom","provider":"p","version":"1"},
                "queryParam":{"a":"1","b":"2"}}
                """#)
                == "\(Self.prefix)'queryParam' \(Self.failed)Member must have length less than or equal to 1")
    }

    @Test func `Broken map values are one failure at the map that lists all constraints of a value, maximum first`() {
        let long = String(repeating: "x", count: 50001)
        #expect(
            validationMessage(
                Operations.CreatePipeline.self, pipeline(configuration: #"{"a":"","b":"\#(long)","c":"fine"}"#))
                == "\(Self.prefix)'pipeline.stages.1.member.actions.1.member.configuration' \(Self.failed)"
                + "Map value must satisfy constraint: [Member must have length less than or equal to 50000, "
                + "Member must have length greater than or equal to 1]")
    }

    @Test func `Broken map keys are one failure at the map that lists all constraints of a key`() {
        let long = String(repeating: "k", count: 51)
        #expect(
            validationMessage(
                Operations.CreatePipeline.self, pipeline(configuration: #"{"":"v","\#(long)":"v"}"#))
                == "\(Self.prefix)'pipeline.stages.1.member.actions.1.member.configuration' \(Self.failed)"
                + "Map keys must satisfy constraint: [Member must have length less than or equal to 50, "
                + "Member must have length greater than or equal to 1]")
        #expect(
            validationMessage(
                Operations.PutJobSuccessResult.self,
                #"{"jobId":"0a1b2c3d-4e5f-4789-8abc-def012345678","outputVariables":{"a b":""}}"#)
                == "\(Self.prefix)'outputVariables' \(Self.failed)Map keys must satisfy constraint: "
                + #"[Member must satisfy regular expression pattern: [A-Za-z0-9@\-_]+]"#)
    }

    @Test func `A map's value must not be null`() {
        #expect(
            validationMessage(Operations.CreatePipeline.self, pipeline(configuration: #"{"a":null}"#))
                == "\(Self.prefix)'pipeline.stages.1.member.actions.1.member.configuration' \(Self.failed)"
                + "Map value must satisfy constraint: [Member must not be null]")
    }

    // MARK: Paths

    @Test func `Elements of lists count from 1 and are called member`() {
        #expect(
            validationMessage(
                Operations.UntagResource.self,
                #"{"resourceArn":"arn:aws:codepipeline:r:123456789012:p","tagKeys":["a","",null]}"#)
                == "2 validation errors detected: Value at 'tagKeys.2.member' \(Self.failed)Member must have length "
                + "greater than or equal to 1; Value at 'tagKeys.3.member' \(Self.failed)Member must not be null")
    }

    @Test func `Structures inside a map are found by their key`() {
        let body = #"""
            {"pipeline":{"name":"p","roleArn":"arn:aws:iam::123456789012:role/r","stages":[],
            "artifactStores":{"eu-west-1":{"type":"S4","location":"bucket"},"x":{"type":"S3","location":"b"}}}}
            """#
        #expect(
            validationMessage(Operations.UpdatePipeline.self, body)
                == "3 validation errors detected: Value at 'pipeline.artifactStores' \(Self.failed)"
                + "Map keys must satisfy constraint: [Member must have length less than or equal to 30, "
                + "Member must have length greater than or equal to 4]; "
                + "Value at 'pipeline.artifactStores.eu-west-1.member.type' \(Self.failed)"
                + "Member must satisfy enum value set: [S3]; "
                + "Value at 'pipeline.artifactStores.member.location' \(Self.failed)"
                + "Member must have length greater than or equal to 3")
    }

    // MARK: Several failures

    @Test func `All failures come in one message, in the model's order whatever the order of the document`() {
        let body = #"""
            {"tags":[{"value":"v"},{"key":"","value":"v"}],
            "pipeline":{"version":0,
            "stages":[{"actions":[{"runOrder":1000,"actionTypeId":{"version":"","owner":"Me"},"name":"a b"},null]}],
            "roleArn":"role","pipelineType":"V3"}}
            """#
        let action = "pipeline.stages.1.member.actions.1.member"
        let expected = [
            ("pipeline.name", "Member must not be null"),
            (
                "pipeline.roleArn",
                #"Member must satisfy regular expression pattern: arn:aws(-[\w]+)*:iam::[0-9]{12}:role/.*"#
            ),
            ("pipeline.stages.1.member.name", "Member must not be null"),
            ("\(action).name", #"Member must satisfy regular expression pattern: [A-Za-z0-9.@\-_]+"#),
            ("\(action).actionTypeId.category", "Member must not be null"),
            ("\(action).actionTypeId.owner", "Member must satisfy enum value set: [AWS, ThirdParty, Custom]"),
            ("\(action).actionTypeId.provider", "Member must not be null"),
            ("\(action).actionTypeId.version", "Member must have length greater than or equal to 1"),
            ("\(action).actionTypeId.version", "Member must satisfy regular expression pattern: [0-9A-Za-z_-]+"),
            ("\(action).runOrder", "Member must have value less than or equal to 999"),
            ("pipeline.stages.1.member.actions.2.member", "Member must not be null"),
            ("pipeline.version", "Member must have value greater than or equal to 1"),
            ("pipeline.pipelineType", "Member must satisfy enum value set: [V1, V2]"),
            ("tags.1.member.key", "Member must not be null"),
            ("tags.2.member.key", "Member must have length greater than or equal to 1"),
        ].map { "Value at '\($0)' \(Self.failed)\($1)" }
        #expect(
            validationMessage(Operations.CreatePipeline.self, body)
                == "\(expected.count) validation errors detected: \(expected.joined(separator: "; "))")
    }

    @Test func `The value of a broken member is never repeated`() throws {
        let message = try #require(
            validationMessage(Operations.GetPipeline.self, #"{"name":"very secret value"}"#))
        #expect(!message.contains("secret"))
    }

    @Test func `The number of failures is bounded`() throws {
        let keys = Array(repeating: "\"\"", count: 100_000).joined(separator: ",")
        let message = try #require(validationMessage(Operations.UntagResource.self, #"{"tagKeys":[\#(keys)]}"#))
        #expect(message.hasPrefix("\(WireReader.maximumFailures) validation errors detected: "))
    }

    // MARK: What counts as absent, and what counts at all

    @Test func `Null is the same as absent`() throws {
        let input = try Operations.ListPipelines.decodeInput(Array(#"{"nextToken":null,"maxResults":null}"#.utf8))
        #expect(input == ListPipelinesInput())
    }

    @Test func `Unknown members are ignored at any depth`() throws {
        let body = #"""
            {"x":[{"y":[1,-2.5e-3,true,false,null,"\u00e9",{}]},[[]]],"actionTypeId":{"category":"Build","z":{"z":{}},
            "owner":"Custom","provider":"p","version":"1"},"maxBatchSize":2}
            """#
        let input = try Operations.PollForJobs.decodeInput(Array(body.utf8))
        #expect(input.maxBatchSize == 2)
        #expect(input.actionTypeID == ActionTypeID(category: .build, owner: .custom, provider: "p", version: "1"))
    }

    @Test func `Of a repeated member the last one counts, and its failures alone`() throws {
        let input = try Operations.ListPipelines.decodeInput(
            Array(#"{"maxResults":0,"nextToken":"","maxResults":5,"nextToken":"t"}"#.utf8))
        #expect(input == ListPipelinesInput(nextToken: "t", maxResults: 5))
        let absent = try Operations.ListPipelines.decodeInput(Array(#"{"maxResults":0,"maxResults":null}"#.utf8))
        #expect(absent == ListPipelinesInput())
        #expect(
            validationMessage(Operations.GetPipeline.self, #"{"name":"p","name":null}"#)
                == "\(Self.prefix)'name' \(Self.failed)Member must not be null")
        #expect(
            validationMessage(Operations.CreatePipeline.self, pipeline(configuration: #"{"a":"","a":"b"}"#)) == nil)
    }

    @Test func `Member names may be written with escapes`() throws {
        let input = try Operations.GetPipeline.decodeInput(Array(#"{"\u006eame":"p"}"#.utf8))
        #expect(input.name == "p")
    }

    // MARK: Clients

    @Test func `A client takes values that only a newer service knows`() throws {
        let output = try Operations.ListPipelines.decodeOutput(
            Array(#"{"pipelines":[{"name":"with spaces","pipelineType":"V9","version":0}]}"#.utf8))
        #expect(output.pipelines?.first?.pipelineType == PipelineType(rawValue: "V9"))
        #expect(output.pipelines?.first?.version == 0)
    }

    @Test func `A client needs what is required`() {
        #expect(throws: WireError.self) {
            try Operations.GetThirdPartyJobDetails.decodeOutput(
                Array(#"{"jobDetails":{"data":{"artifactCredentials":{"accessKeyId":"a"}}}}"#.utf8))
        }
    }

    @Test func `A client takes an empty body and an empty object for no output`() throws {
        #expect(try Operations.DeletePipeline.decodeOutput([UInt8]()) == NoOutput())
        #expect(try Operations.DeletePipeline.decodeOutput(Array("{}".utf8)) == NoOutput())
        #expect(Operations.DeletePipeline.encodeOutput(NoOutput()).isEmpty)
        #expect(Operations.TagResource.encodeOutput(TagResourceOutput()) == Array("{}".utf8))
    }
}

private func pipeline(configuration: String) -> String {
    #"""
    {"pipeline":{"name":"p","roleArn":"arn:aws:iam::123456789012:role/r","stages":[{"name":"s","actions":[
    {"name":"a","actionTypeId":{"category":"Build","owner":"Custom","provider":"p","version":"1"},
    "configuration":\#(configuration)}]}]}}
    """#
}
