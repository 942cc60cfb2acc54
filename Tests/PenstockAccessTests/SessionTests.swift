// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockAccess
import PenstockModel
import Testing

@Suite struct SessionTests {
    private let jobGrant = JobGrant(
        jobID: JobID(UniqueID(high: 1, low: 2)),
        dispatch: 3,
        actionExecutionID: ActionExecutionID(UniqueID(high: 4, low: 5)),
        read: [ObjectGrant(bucket: "artifacts", key: "in/source.zip", versionID: "v1")],
        write: [ObjectGrant(bucket: "artifacts", key: "out/build.zip")]
    )

    private func makeSession(_ grant: SessionGrant) throws -> Session {
        Session(
            scope: Scope(account: try makeAccount(), region: .default),
            principalName: "job-worker",
            grant: grant,
            expiresAt: start + .hours(1)
        )
    }

    @Test func `A token opens to the session that it was issued for`() throws {
        let vault = SessionVault(masterKey: try makeMasterKey())
        var generator = SeededGenerator()
        let policies = SessionGrant.policies([
            try #require(ManagedPolicies.document(named: "AWSCodePipeline_FullAccess"))
        ])
        for grant in [SessionGrant.job(self.jobGrant), policies] {
            let session = try self.makeSession(grant)
            let credentials = try vault.issue(session, using: &generator)
            #expect(vault.open(token: credentials.sessionToken, accessKeyID: credentials.accessKeyID) == session)
            #expect(vault.secret(accessKeyID: credentials.accessKeyID) == credentials.secretAccessKey)
            #expect(credentials.expiresAt == session.expiresAt)
        }
    }

    @Test func `Credentials look as clients expect`() throws {
        let vault = SessionVault(masterKey: try makeMasterKey())
        var generator = SeededGenerator()
        let credentials = try vault.issue(try self.makeSession(.job(self.jobGrant)), using: &generator)
        #expect(credentials.accessKeyID.hasPrefix("ASIA"))
        #expect(credentials.accessKeyID.utf8.count == 20)
        #expect(credentials.secretAccessKey.utf8.count == 40)
        #expect(AccessKeyGenerator.makeKeyID(using: &generator).hasPrefix("AKIA"))
        #expect(AccessKeyGenerator.makeSecret(using: &generator).utf8.count == 40)
    }

    @Test func `A token is bound to its key id and its master key`() throws {
        let vault = SessionVault(masterKey: try makeMasterKey())
        var generator = SeededGenerator()
        let first = try vault.issue(try self.makeSession(.job(self.jobGrant)), using: &generator)
        let second = try vault.issue(try self.makeSession(.job(self.jobGrant)), using: &generator)
        #expect(first.accessKeyID != second.accessKeyID)
        #expect(vault.open(token: first.sessionToken, accessKeyID: second.accessKeyID) == nil)
        let other = SessionVault(masterKey: try makeMasterKey(filledWith: 8))
        #expect(other.open(token: first.sessionToken, accessKeyID: first.accessKeyID) == nil)
        #expect(vault.open(token: String(first.sessionToken.dropLast()), accessKeyID: first.accessKeyID) == nil)
    }

    @Test func `The token of a job with five inputs and five outputs stays below four kilobytes`() throws {
        var grant = self.jobGrant
        let object = { (index: Int) in
            ObjectGrant(
                bucket: "codepipeline-artifacts-eu-central-1-111111111111",
                key: "a-pipeline-with-quite-a-long-name/SourceArtifact\(index)/AbCdEfG.zip",
                versionID: "3HL4kqtJvjVBH40Nrjfkd3HL4kqtJvjVBH40N"
            )
        }
        grant.read = (0..<5).map(object)
        grant.write = (5..<10).map(object)
        let vault = SessionVault(masterKey: try makeMasterKey())
        var generator = SeededGenerator()
        let credentials = try vault.issue(try self.makeSession(.job(grant)), using: &generator)
        #expect(credentials.sessionToken.utf8.count < SessionVault.ordinaryTokenLimit)
    }

    @Test(arguments: [
        ("s3:GetObject", "in/source.zip", true),
        ("s3:PutObject", "out/build.zip", true),
        ("s3:AbortMultipartUpload", "out/build.zip", true),
        ("s3:PutObject", "in/source.zip", false),
        ("s3:DeleteObject", "out/build.zip", false),
        ("s3:GetObject", "out/build.zip", false),
        ("codepipeline:GetPipeline", "in/source.zip", false),
    ])
    func `A job's credentials do nothing but read inputs and write outputs`(
        action: String,
        key: String,
        isAllowed: Bool
    ) throws {
        let principal = try self.makeSession(.job(self.jobGrant)).principal
        let resource = RequiredResource.object(bucket: "artifacts", key: key)
        #expect((Authorizer.denial(of: principal, action: action, resources: [resource]) == nil) == isAllowed)
    }

    @Test func `A session's ARN names its job`() throws {
        let principal = try self.makeSession(.job(self.jobGrant)).principal
        let expected = "arn:aws:sts::111111111111:assumed-role/job-worker/00000000-0000-0001-0000-000000000002"
        #expect(principal.arn == expected)
    }
}
