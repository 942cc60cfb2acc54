// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockAccess
import PenstockModel
import PenstockSigning
import Synchronization

/// Somebody with an access key. Every test bed knows the keys of whoever calls it.
struct TestIdentity: Sendable, Hashable {
    var account: AccountID
    /// Unique within the account; a part of the access key's id.
    var name: String
    /// The JSON of the policies; `nil` for an administrator.
    var policies: [String]?

    static let customer = Self(account: account(1), name: "mia")
    static let otherCustomer = Self(account: account(2), name: "noah")
    static let partner = Self(account: account(3), name: "worker")
    /// May do everything in an account that has nothing to do with anybody's.
    static let stranger = Self(account: account(4), name: "eve")

    /// A user of the customer's account, or another one, who may do what these policies say and nothing else.
    static func user(_ name: String = "ben", in account: AccountID = customer.account, policies: String...) -> Self {
        Self(account: account, name: name, policies: policies)
    }

    /// A user who may do these actions, such as `codepipeline:PollForJobs`, on these resources.
    static func user(
        _ name: String = "ben",
        in account: AccountID = customer.account,
        allowed actions: [String],
        on resources: [String] = ["*"]
    ) -> Self {
        func list(_ texts: [String]) -> String { "[" + texts.map { #""\#($0)""# }.joined(separator: ",") + "]" }
        let statement = #"{"Effect":"Allow","Action":\#(list(actions)),"Resource":\#(list(resources))}"#
        return .user(name, in: account, policies: #"{"Version":"2012-10-17","Statement":[\#(statement)]}"#)
    }

    /// An account of twelve equal digits.
    static func account(_ digit: Int) -> AccountID {
        AccountID(String(repeating: "\(digit % 10)", count: 12)) ?? .default
    }

    var arn: String { "arn:aws:iam::\(self.account):user/\(self.name)" }

    var credentials: SigningCredentials {
        SigningCredentials(
            accessKeyID: "AKIA\(self.account)\(self.name.uppercased())",
            secretAccessKey: SecretAccessKey("secret-of-\(self.account)-\(self.name)")
        )
    }
}

/// The keys of identities, sealed as a store would keep them.
final class TestKeyDirectory: AccessKeyDirectory {
    private let sealer: Sealer
    private let records = Mutex<[String: AccessKeyRecord]>([:])

    init(masterKey: MasterKey) {
        self.sealer = Sealer(masterKey: masterKey)
    }

    /// - Returns: Whether this changed what the directory says.
    func put(_ identity: TestIdentity) throws -> Bool {
        let credentials = identity.credentials
        let id = credentials.accessKeyID
        let policies = try (identity.policies ?? []).map { try PolicyDocument(parsing: $0) }
        let isAdministrator = identity.policies == nil
        let known = self.records.withLock { $0[id] }
        if let known, known.policies == policies, known.isAdministrator == isAdministrator { return false }
        let record = AccessKeyRecord(
            accessKeyID: id,
            sealedSecret: try self.sealer.seal(
                Array(credentials.secretAccessKey.revealed.utf8),
                context: AccessKeyRecord.sealingContext(accessKeyID: id)
            ),
            account: identity.account,
            principalName: identity.name,
            isAdministrator: isAdministrator,
            policies: policies,
            createdAt: Timestamp(millisecondsSinceEpoch: 0)
        )
        self.records.withLock { $0[id] = record }
        return true
    }

    func accessKey(_ accessKeyID: String) async throws -> AccessKeyRecord? {
        self.records.withLock { $0[accessKeyID] }
    }
}
