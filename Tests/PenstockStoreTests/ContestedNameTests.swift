// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockStore
import Testing

struct ContestedNameTests {
    @Test(
        arguments: StoreUnderTest.allCases,
        [
            ContestedName.pipeline(PipelineKey(scope: scope, name: "p")), .accessKeys(.default),
            .customActionTypes(scope), .partnerActionTypes(scope.region),
        ]
    )
    func `Of transactions that look at a name and then write one goes after the other`(
        _ kind: StoreUnderTest, _ name: ContestedName
    ) async throws {
        try await kind.withStore { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<32 {
                    group.addTask {
                        try await store.write { transaction in
                            try transaction.lock(name)
                            let count = try transaction.setting("count")?.first ?? 0
                            try transaction.putSetting("count", [count + 1])
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await store.read { try $0.setting("count") } == [32])
        }
    }
}
