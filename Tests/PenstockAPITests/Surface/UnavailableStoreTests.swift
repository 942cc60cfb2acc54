// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockStore
import PenstockWire
import Testing

@Suite struct UnavailableStoreTests {
    @Test func `While the store cannot be used, clients are told to come back`() async throws {
        let bed = try await APITestBed()
        await bed.store.close()
        let refusal = await #expect(throws: ServiceException.self) {
            try await bed.call(Operations.ListPipelines.self, ListPipelinesInput())
        }
        #expect(refusal?.code == .serviceUnavailable)
        #expect(refusal?.httpStatus == 503)
    }
}
