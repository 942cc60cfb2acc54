// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockAccess
import PenstockModel
import Testing

/// One statement in the usual form.
private func statement(
    _ effect: String = "Allow",
    action: String = "codepipeline:*",
    resource: String = "*",
    condition: String? = nil
) -> String {
    let condition = condition.map { #","Condition":\#($0)"# } ?? ""
    return #"{"Effect":"\#(effect)","Action":"\#(action)","Resource":"\#(resource)"\#(condition)}"#
}

private func policy(_ statements: String...) throws -> PolicyDocument {
    let list = statements.joined(separator: ",")
    return try PolicyDocument(parsing: #"{"Version":"2012-10-17","Statement":[\#(list)]}"#)
}

private func user(_ policies: PolicyDocument...) throws -> Principal {
    Principal(account: try makeAccount(), name: "maria", kind: .user(policies: policies))
}

private let pipelineARN = "arn:aws:codepipeline:us-east-1:111111111111:web"

@Suite struct AuthorizerTests {
    @Test func `The administrator may do everything`() throws {
        let principal = Principal(account: try makeAccount(), name: "administrator", kind: .administrator)
        #expect(Authorizer.denial(of: principal, action: "iam:PassRole", resources: [.everything]) == nil)
    }

    @Test func `Without a policy nothing is allowed, and the message says so`() throws {
        let denial = Authorizer.denial(
            of: try user(), action: "codepipeline:GetPipeline", resources: [.arn(pipelineARN)])
        #expect(
            denial?.description
                == "User: arn:aws:iam::111111111111:user/maria is not authorized to perform: codepipeline:GetPipeline "
                + "on resource: \(pipelineARN) because no identity-based policy allows the codepipeline:GetPipeline action"
        )
    }

    @Test func `An explicit denial wins over any allowance, in whatever order`() throws {
        let allow = statement()
        let deny = statement("Deny", action: "codepipeline:Delete*")
        for document in [try policy(allow, deny), try policy(deny, allow)] {
            let principal = try user(document)
            let denial = Authorizer.denial(
                of: principal,
                action: "codepipeline:DeletePipeline",
                resources: [.arn(pipelineARN)]
            )
            #expect(denial?.isExplicit == true)
            #expect(denial?.description.hasSuffix(" with an explicit deny in an identity-based policy") == true)
            let read = Authorizer.denial(
                of: principal,
                action: "codepipeline:GetPipeline",
                resources: [.arn(pipelineARN)]
            )
            #expect(read == nil)
        }
    }

    @Test func `A refused role is reported as clients have always seen it`() throws {
        let role = "arn:aws:iam::111111111111:role/deploy"
        let denial = Authorizer.denial(of: try user(), action: "iam:PassRole", resources: [.arn(role)])
        #expect(
            denial?.description
                == "User: arn:aws:iam::111111111111:user/maria is not authorized to perform: iam:PassRole on resource: \(role)"
        )
    }

    @Test func `Every resource is needed`() throws {
        let principal = try user(policy(statement(resource: pipelineARN)))
        let webhook = "arn:aws:codepipeline:us-east-1:111111111111:webhook:hook"
        let denial = Authorizer.denial(
            of: principal, action: "codepipeline:PutWebhook", resources: [.arn(pipelineARN), .arn(webhook)])
        #expect(denial?.resource == webhook)
    }

    @Test(arguments: [
        ([("Allow", "web")], true),
        ([("Allow", "web/Deploy")], true),
        ([("Allow", "web/Build")], false),
        ([("Allow", "web"), ("Deny", "web/Deploy")], false),
        ([("Allow", "web/Deploy"), ("Deny", "web")], false),
        ([("Allow", "web/*")], true),
    ])
    func `For a stage, a right on the stage or on its pipeline will do if neither is denied`(
        statements: [(String, String)],
        isAllowed: Bool
    ) throws {
        let prefix = "arn:aws:codepipeline:us-east-1:111111111111:"
        let documents = try statements.map { try policy(statement($0.0, resource: prefix + $0.1)) }
        let principal = Principal(account: try makeAccount(), name: "maria", kind: .user(policies: documents))
        let pipeline = PipelineKey(scope: Scope(account: try makeAccount(), region: .default), name: "web")
        let denial = Authorizer.denial(
            of: principal,
            action: "codepipeline:RetryStageExecution",
            resources: [.stage("Deploy", of: pipeline)]
        )
        #expect((denial == nil) == isAllowed)
    }

    @Test(arguments: [
        ("*", "codepipeline:GetPipeline", true),
        ("codepipeline:*", "codepipeline:GetPipeline", true),
        ("codepipeline:Get*", "codepipeline:GetPipelineState", true),
        ("CODEPIPELINE:getpipeline", "codepipeline:GetPipeline", true),
        ("codepipeline:GetPipelin?", "codepipeline:GetPipeline", true),
        ("codepipeline:GetPipeline", "codepipeline:GetPipelineState", false),
        ("codepipeline:*Pipeline", "codepipeline:GetPipelineState", false),
        ("s3:*", "codepipeline:GetPipeline", false),
        ("codepipeline:*e*e*e", "codepipeline:GetPipeline", true),
        ("codepipeline:?", "codepipeline:", false),
    ])
    func `Actions match by wildcards and without regard to case`(
        pattern: String,
        action: String,
        isAllowed: Bool
    ) throws {
        let principal = try user(policy(statement(action: pattern)))
        #expect((Authorizer.denial(of: principal, action: action, resources: [.everything]) == nil) == isAllowed)
    }

    @Test(arguments: [
        ("*", "web", true),
        ("arn:aws:codepipeline:us-east-1:111111111111:web", "web", true),
        ("arn:aws:codepipeline:us-east-1:111111111111:web", "web2", false),
        ("arn:aws:codepipeline:us-east-1:111111111111:Web", "web", false),
        ("arn:aws:codepipeline:*:111111111111:*", "web/Deploy/Approve", true),
        ("arn:aws:codepipeline:*:222222222222:*", "web", false),
        ("arn:aws:codepipeline:*", "web", true),
        ("arn:*:codepipeline:us-east-1:*:w?b", "web", true),
        ("arn:aws:codepipeline:us-east-1:111111111111:actiontype:Custom/*/*/*", "actiontype:Custom/Test/Unit/1", true),
        ("arn:aws:codepipeline:us-east-1::actionType:custom/Test/Unit/1/", "actiontype:Custom/Test/Unit/1", true),
        ("arn:aws:codepipeline:us-east-1::actionType:custom/test/Unit/1/", "actiontype:Custom/Test/Unit/1", false),
        ("arn:aws:codepipeline:us-east-1:222222222222:actiontype:Custom/*", "actiontype:Custom/Test/Unit/1", false),
        ("arn:aws:codepipeline:us-east-1::web", "web", false),
        ("arn:aws:codepipeline:us-east-1:${aws:PrincipalAccount}:${aws:username}-*", "maria-app", true),
        ("arn:aws:codepipeline:us-east-1:111111111111:${aws:username}-*", "peter-app", false),
        ("arn:aws:codepipeline:us-east-1:111111111111:${*}", "web", false),
        ("arn:aws:codepipeline:us-east-1:111111111111:${aws:ResourceTag/missing}", "web", false),
    ])
    func `Resources match part by part`(pattern: String, resource: String, isAllowed: Bool) throws {
        let principal = try user(policy(statement(resource: pattern)))
        let denial = Authorizer.denial(
            of: principal,
            action: "codepipeline:Anything",
            resources: [.arn("arn:aws:codepipeline:us-east-1:111111111111:\(resource)")]
        )
        #expect((denial == nil) == isAllowed)
    }

    @Test func `NotAction and NotResource cover all but what they name`() throws {
        let json =
            #"{"Statement":{"Effect":"Allow","NotAction":"codepipeline:Delete*","NotResource":"\#(pipelineARN)"}}"#
        let principal = try user(PolicyDocument(parsing: json))
        let isAllowed = { (action: String, resource: String) in
            Authorizer.denial(of: principal, action: action, resources: [.arn(resource)]) == nil
        }
        #expect(isAllowed("codepipeline:GetPipeline", "\(pipelineARN)2"))
        #expect(!isAllowed("codepipeline:GetPipeline", pipelineARN))
        #expect(!isAllowed("codepipeline:DeletePipeline", "\(pipelineARN)2"))
    }

    @Test(arguments: ManagedPolicies.names)
    func `Managed policies parse`(name: String) {
        #expect(ManagedPolicies.document(named: name) != nil)
    }

    @Test func `Managed policies give what their names say`() throws {
        let isAllowed = { (policy: String, action: String) in
            let principal = try user(try #require(ManagedPolicies.document(named: policy)))
            return Authorizer.denial(of: principal, action: "codepipeline:\(action)", resources: [.everything]) == nil
        }
        #expect(try isAllowed("AWSCodePipeline_FullAccess", "DeletePipeline"))
        #expect(try isAllowed("AWSCodePipeline_ReadOnlyAccess", "GetPipeline"))
        #expect(try !isAllowed("AWSCodePipeline_ReadOnlyAccess", "StartPipelineExecution"))
        #expect(try !isAllowed("AWSCodePipeline_ReadOnlyAccess", "GetJobDetails"))
        #expect(try isAllowed("AWSCodePipelineApproverAccess", "PutApprovalResult"))
        #expect(try isAllowed("AWSCodePipelineCustomActionAccess", "PollForJobs"))
        #expect(try !isAllowed("AWSCodePipelineCustomActionAccess", "GetPipeline"))
        #expect(ManagedPolicies.document(named: "AdministratorAccess") == nil)
    }
}

@Suite struct PolicyConditionTests {
    private var context: AccessContext {
        var context = AccessContext(
            now: start,
            sourceAddress: "192.0.2.17",
            isSecure: true,
            region: .default
        )
        context.setTags([KeyedValue("team", "Blue"), KeyedValue("size", "12")], requested: false)
        context.setTags([KeyedValue("a", "1"), KeyedValue("b", "2")], requested: true)
        return context
    }

    @Test(arguments: [
        (#"{"StringEquals":{"aws:ResourceTag/team":"Blue"}}"#, true),
        (#"{"StringEquals":{"aws:resourcetag/TEAM":["Red","Blue"]}}"#, true),
        (#"{"StringEquals":{"aws:ResourceTag/team":"blue"}}"#, false),
        (#"{"StringEquals":{"aws:ResourceTag/team":"Bl*"}}"#, false),
        (#"{"StringEqualsIgnoreCase":{"aws:ResourceTag/team":"bLUE"}}"#, true),
        (#"{"StringNotEquals":{"aws:ResourceTag/team":"Red"}}"#, true),
        (#"{"StringNotEquals":{"aws:ResourceTag/team":["Red","Blue"]}}"#, false),
        (#"{"StringNotEquals":{"aws:ResourceTag/missing":"Red"}}"#, true),
        (#"{"StringLike":{"aws:ResourceTag/team":"B*e"}}"#, true),
        (#"{"StringNotLike":{"aws:ResourceTag/team":"B*e"}}"#, false),
        (#"{"StringEquals":{"aws:ResourceTag/missing":"x"}}"#, false),
        (#"{"StringEqualsIfExists":{"aws:ResourceTag/missing":"x"}}"#, true),
        (#"{"StringEqualsIfExists":{"aws:ResourceTag/team":"x"}}"#, false),
        (#"{"StringEquals":{"aws:username":"${aws:username}"}}"#, true),
        (#"{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}"#, true),
        (#"{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b","c"]}}"#, true),
        (#"{"ForAllValues:StringEquals":{"aws:TagKeys":["a"]}}"#, false),
        (#"{"ForAllValues:StringEquals":{"aws:ResourceTag/missing":["a"]}}"#, true),
        (#"{"ForAnyValue:StringEquals":{"aws:TagKeys":["b"]}}"#, true),
        (#"{"ForAnyValue:StringLike":{"aws:TagKeys":["c*"]}}"#, false),
        (#"{"ForAnyValue:StringEquals":{"aws:ResourceTag/missing":["a"]}}"#, false),
        (#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/m*"}}"#, true),
        (#"{"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::111111111111:user/maria"}}"#, false),
        (#"{"Bool":{"aws:SecureTransport":"true"}}"#, true),
        (#"{"Bool":{"aws:SecureTransport":false}}"#, false),
        (#"{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}"#, true),
        (#"{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","192.0.2.17"]}}"#, true),
        (#"{"IpAddress":{"aws:SourceIp":"192.0.2.0/28"}}"#, false),
        (#"{"IpAddress":{"aws:SourceIp":"::ffff:192.0.2.0/120"}}"#, true),
        (#"{"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"}}"#, false),
        (#"{"NotIpAddress":{"aws:SourceIp":"2001:db8::/32"}}"#, true),
        (#"{"DateLessThan":{"aws:CurrentTime":"2026-09-22T00:00:00Z"}}"#, true),
        (#"{"DateLessThan":{"aws:CurrentTime":"2026-09-21"}}"#, false),
        (#"{"DateGreaterThan":{"aws:CurrentTime":"2026-09-21T14:13:19Z"}}"#, true),
        (#"{"DateGreaterThan":{"aws:CurrentTime":"2026-09-21T16:13:20+02:00"}}"#, false),
        (#"{"DateGreaterThanEquals":{"aws:CurrentTime":"2026-09-21T16:13:20+02:00"}}"#, true),
        (#"{"NumericLessThan":{"aws:EpochTime":1790000001}}"#, true),
        (#"{"NumericEquals":{"aws:ResourceTag/size":"12.0"}}"#, true),
        (#"{"NumericNotEquals":{"aws:ResourceTag/size":"12"}}"#, false),
        (#"{"NumericEquals":{"aws:ResourceTag/team":"12"}}"#, false),
        (#"{"Null":{"aws:ResourceTag/missing":"true"}}"#, true),
        (#"{"Null":{"aws:ResourceTag/team":true}}"#, false),
        (#"{"StringEquals":{"aws:ResourceTag/team":"Blue"},"Bool":{"aws:SecureTransport":"false"}}"#, false),
    ])
    func `A condition holds exactly when IAM says so`(condition: String, holds: Bool) throws {
        let principal = try user(policy(statement(condition: condition)))
        let denial = Authorizer.denial(
            of: principal,
            action: "codepipeline:GetPipeline",
            resources: [.everything],
            context: self.context
        )
        #expect((denial == nil) == holds)
    }

    @Test(arguments: [
        "", "[]", "{}",
        #"{"Version":"2020-01-01","Statement":[]}"#,
        #"{"Statement":[]}"#,
        #"{"Statement":{"Effect":"Permit","Action":"*","Resource":"*"}}"#,
        #"{"Statement":{"Effect":"Allow","Action":"GetPipeline","Resource":"*"}}"#,
        #"{"Statement":{"Effect":"Allow","Resource":"*"}}"#,
        #"{"Statement":{"Effect":"Allow","Action":"*"}}"#,
        #"{"Statement":{"Effect":"Allow","Action":"*","NotAction":"s3:*","Resource":"*"}}"#,
        #"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}}"#,
        #"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Conditions":{}}}"#,
        #"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringSomehow":{"aws:username":"b"}}}}"#,
        #"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:username":"10.0.0.0/33"}}}}"#,
        #"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:username":"maybe"}}}}"#,
        #"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:username":"soon"}}}}"#,
        #"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:username":[]}}}}"#,
    ])
    func `A policy that cannot be evaluated is refused when it is made`(json: String) {
        #expect(throws: PolicyError.self) { try PolicyDocument(parsing: json) }
    }

    @Test func `A policy beyond the limit is refused`() {
        let json =
            #"{"Statement":{"Effect":"Allow","Action":"*","Resource":"\#(String(repeating: "x", count: 11_000))"}}"#
        #expect(throws: PolicyError.self) { try PolicyDocument(parsing: json) }
    }

    @Test func `The error names the statement`() {
        let json = #"{"Statement":[\#(statement()),{"Effect":"Allow","Action":"*"}]}"#
        #expect(throws: PolicyError.self) { try PolicyDocument(parsing: json) }
        do {
            _ = try PolicyDocument(parsing: json)
        } catch {
            #expect(error.description == "Statement 2: There must be either Resource or NotResource.")
        }
    }
}
