// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockStore
import Testing

struct StoreErrorTests {
    @Test(arguments: [
        (StoreError.Code.unavailable, true), (.contended, true), (.closed, true), (.outcomeUnknown, false),
        (.corrupt, false),
        (.constraint, false),
    ])
    func `Clients may come back where nothing was written and the cause passes`(
        _ code: StoreError.Code, _ isTemporary: Bool
    ) {
        #expect(StoreError(code, "message").isTemporary == isTemporary)
    }
}
