// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockStore
import Testing

@Suite("Texts of rows")
struct RowTextTests {
    private static let longest = String(repeating: "r", count: SeenRevision.maximumIDBytes)

    private func seen(_ id: String, change: String = "") -> SeenRevision {
        SeenRevision(stageName: "Source", actionName: "Fetch", revisionID: id, changeID: change)
    }

    @Test("An id is its own key up to its limit", arguments: ["", "r", "a b~", longest])
    func plain(id: String) {
        #expect(self.seen(id).revision == id)
        #expect(self.seen("r", change: id).change == id)
    }

    @Test("Any other has a key of its own", arguments: [longest + "r", "\u{0}", "a\u{0}", "e\u{301}", "é", "\n"])
    func hashed(id: String) {
        let key = self.seen(id).revision
        #expect(key.utf8.count == 64)
        #expect(key.utf8.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 })
        #expect(key != self.seen(id + "r").revision)
        #expect(self.seen("r", change: id).change == key)
    }

    @Test("Texts that look alike are two ids")
    func alike() {
        #expect(self.seen("e\u{301}") != self.seen("é"))
    }

    @Test(
        "NUL in the resource of an entry of the audit trail is shown",
        arguments: [("a", "a"), ("\u{0}a\u{0}", "%00a%00")])
    func resource(told: String, kept: String) {
        let row = AuditRow(
            at: at(0), scope: scope, principal: "p", operation: "PutObject", resource: told,
            outcome: "ok", requestID: "r")
        #expect(row.resource == kept)
    }
}
