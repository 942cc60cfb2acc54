// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire

/// The refusals of the job operations, with their texts.
extension ServiceException {
    static func noJob(_ id: String) -> Self { Self(.jobNotFound, "Job with id '\(id)' not found") }

    static func wrongNonce(_ id: String) -> Self {
        Self(.invalidNonce, "The nonce provided is not valid for job '\(id)'")
    }

    /// A result for a job that is not in its worker's hands.
    static func jobIs(_ state: String, _ id: String) -> Self {
        Self(.invalidJobState, "Job '\(id)' is in state \(state) and cannot be completed")
    }

    static func unreadableJob(_ id: String) -> Self { Self(.invalidJob, "The job '\(id)' is not valid") }

    static let wrongClientToken = Self(.invalidClientToken, "The client token provided is not valid")

    static func noActionType(_ owner: String, _ provider: String, category: String = "Test") -> Self {
        let place = "(Category: '\(category)', Provider: '\(provider)', Owner: '\(owner)', Version: '1')"
        return Self(.actionTypeNotFound, "ActionType \(place) is not available")
    }

    /// What is said about one member that breaks one constraint.
    static func invalid(_ path: String, _ constraint: String) -> Self {
        let problem = "Value at '\(path)' failed to satisfy constraint: \(constraint)"
        return Self(.validation, "1 validation error detected: \(problem)")
    }
}
