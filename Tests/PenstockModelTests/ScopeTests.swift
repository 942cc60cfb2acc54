// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import Testing

struct ScopeTests {
    @Test func `An account is twelve digits`() {
        #expect(AccountID("123456789012")?.rawValue == "123456789012")
        #expect(AccountID.default.rawValue == "000000000000")
    }

    @Test(arguments: [
        "", "12345678901", "1234567890123", "12345678901a", "١٢٣٤٥٦٧٨٩٠١٢", "12345678901\u{0}", " 23456789012",
    ])
    func `Nothing else is an account`(text: String) {
        #expect(AccountID(text) == nil)
    }

    @Test(arguments: ["us-east-1", "a", "1", String(repeating: "x", count: 30)])
    func `A region is lower-case letters, digits and hyphens`(text: String) {
        #expect(Region(text)?.rawValue == text)
    }

    @Test(arguments: ["", "US-EAST-1", "us_east_1", "us east", "é", String(repeating: "x", count: 31), "a/b", "a\n"])
    func `Nothing else is a region`(text: String) {
        #expect(Region(text) == nil)
    }

    @Test func `A pipeline's ARN names its region and account`() throws {
        let scope = Scope(
            account: try #require(AccountID("123456789012")), region: try #require(Region("eu-central-1")))
        let key = PipelineKey(scope: scope, name: "shop")
        #expect(key.arn == "arn:aws:codepipeline:eu-central-1:123456789012:shop")
        #expect(key.description == "123456789012/eu-central-1/shop")
    }

    @Test func `Scopes are ordered by account, then by region`() throws {
        let accounts = try ["000000000001", "000000000002"].map { try #require(AccountID($0)) }
        let regions = try ["eu-west-1", "us-east-1"].map { try #require(Region($0)) }
        let scopes = accounts.flatMap { account in regions.map { Scope(account: account, region: $0) } }
        #expect(scopes.reversed().sorted() == scopes)
    }
}
