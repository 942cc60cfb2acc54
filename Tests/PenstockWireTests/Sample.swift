// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

/// Bodies of one structure, with what a test does to them closed over its type.
struct StructureSample: Sendable, CustomTestStringConvertible {
    let name: String
    let full: String
    let minimal: String
    /// Reads a body as a service would, writes it, and reads that again; returns what was written.
    let roundTrip: @Sendable (String) throws -> String
    /// Describes the value that a body holds in every way that a log might.
    let describe: @Sendable (String) throws -> String

    init<Structure: WireStructure>(_ type: Structure.Type, full: String, minimal: String) {
        self.name = "\(type)"
        self.full = full
        self.minimal = minimal
        self.roundTrip = { body in
            let value = try WireReader.read(type, from: Array(body.utf8), checkingConstraints: true)
            let written = WireWriter.write(value)
            let again = try WireReader.read(type, from: written, checkingConstraints: false)
            #expect(value == again)
            #expect(value.hashValue == again.hashValue)
            return String(decoding: written, as: UTF8.self)
        }
        self.describe = { body in
            let value = try WireReader.read(type, from: Array(body.utf8), checkingConstraints: true)
            var dumped = ""
            dump(value, to: &dumped)
            return "\(value) \(String(reflecting: value)) \(dumped)"
        }
    }

    var testDescription: String { self.name }
}

/// Bodies of one operation, in both directions.
struct OperationSample: Sendable, CustomTestStringConvertible {
    let name: String
    let request: String
    let response: String
    /// The request as a service reads it and a client writes it.
    let requestRoundTrip: @Sendable () throws -> String
    /// The response as a client reads it and a service writes it.
    let responseRoundTrip: @Sendable () throws -> String
    /// Reads any bytes as a service would.
    let readRequest: @Sendable ([UInt8]) throws(WireError) -> Void

    init<Operation: WireOperation>(_ operation: Operation.Type, request: String, response: String) {
        self.name = operation.name
        self.request = request
        self.response = response
        self.requestRoundTrip = {
            let input = try operation.decodeInput(Array(request.utf8))
            return String(decoding: operation.encodeInput(input), as: UTF8.self)
        }
        self.responseRoundTrip = {
            let output = try operation.decodeOutput(Array(response.utf8))
            return String(decoding: operation.encodeOutput(output), as: UTF8.self)
        }
        self.readRequest = { bytes throws(WireError) in _ = try operation.decodeInput(bytes) }
    }

    var testDescription: String { self.name }
}
