// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// One operation of the API: its name, what it is asked with, what it answers and how it may refuse.
public protocol WireOperation: Sendable {
    /// What a client sends.
    associatedtype Input: WireStructure
    /// What a service answers; ``NoOutput`` when the body is empty.
    associatedtype Output: WireStructure

    /// The name behind the dot of the `X-Amz-Target` header.
    static var name: String { get }

    /// The exceptions of the service description, in its order. Clients have types for these alone.
    static var exceptions: [ExceptionCode] { get }
}

extension WireOperation {
    /// Reads and checks a request, as a service does.
    ///
    /// - Throws: ``WireError``; its ``WireError/exception`` is the answer.
    public static func decodeInput(_ body: UnsafeRawBufferPointer) throws(WireError) -> Input {
        try WireReader.read(Input.self, from: body, checkingConstraints: true)
    }

    /// Reads and checks a request held in an array.
    public static func decodeInput(_ body: [UInt8]) throws(WireError) -> Input {
        try WireReader.read(Input.self, from: body, checkingConstraints: true)
    }

    /// Writes a request, as a client does; without members it is `{}`.
    public static func encodeInput(_ input: Input) -> [UInt8] {
        WireWriter.write(input)
    }

    /// Reads an answer, as a client does: required members have to be there, other constraints are not checked.
    ///
    /// - Throws: ``WireError`` when the answer cannot be understood.
    public static func decodeOutput(_ body: UnsafeRawBufferPointer) throws(WireError) -> Output {
        try WireReader.read(Output.self, from: body, checkingConstraints: false)
    }

    /// Reads an answer held in an array.
    public static func decodeOutput(_ body: [UInt8]) throws(WireError) -> Output {
        try WireReader.read(Output.self, from: body, checkingConstraints: false)
    }

    /// Writes an answer, as a service does: nothing at all for an operation without output.
    public static func encodeOutput(_ output: Output) -> [UInt8] {
        Output.self == NoOutput.self ? [] : WireWriter.write(output)
    }
}

/// The operations of the API, one type each, and what they share on the wire.
public enum Operations {
    /// The text before the dot of the `X-Amz-Target` header.
    public static let targetPrefix = "CodePipeline_20150709"

    /// The content type of every body, in both directions.
    public static let contentType = "application/x-amz-json-1.1"

    /// The names of all operations, in the order of the service description.
    public static let allNames: [String] = Operations.all.map { $0.name }
}
