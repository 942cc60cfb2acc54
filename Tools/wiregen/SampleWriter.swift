// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Writes sample bodies for the tests: for each structure one with all members and one with the required ones alone,
/// in the exact form in which the writer has to produce them.
struct SampleWriter {
    let service: ServiceDescription

    /// A value for each pattern that needs one.
    private static let matching = [
        "[0-9]{12}": "123456789012",
        "[0-9]{12}|\\*": "*",
        "AWS|ThirdParty": "ThirdParty",
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}": "0a1b2c3d-4e5f-4789-8abc-def012345678",
        "arn:aws(-[\\w]+)*:lambda:.+:[0-9]{12}:function:.+": "arn:aws:lambda:eu-central-1:123456789012:function:f",
        "arn:aws(-[\\w]+)*:codepipeline:.+:[0-9]{12}:.+": "arn:aws-cn:codepipeline:cn-north-1:123456789012:release",
        "arn:aws(-[\\w]+)*:iam::[0-9]{12}:role/.*": "arn:aws:iam::123456789012:role/release",
    ]

    func text() throws -> String {
        var text = SwiftWriter.header + "import PenstockWire\n\n/// A full and a minimal body of each structure.\n"
        text += "let structureSamples: [StructureSample] = [\n"
        for shape in self.service.shapes {
            guard case .structure(_, isException: false) = shape.kind else { continue }
            text += "    StructureSample(\n        PenstockWire.\(Naming.type(shape.name)).self,\n"
            text += "        full: #\"\(try self.value(of: shape, isFull: true))\"#,\n"
            text += "        minimal: #\"\(try self.value(of: shape, isFull: false))\"#),\n"
        }
        text += "]\n\n/// The bodies of each operation; an empty response where there is no output.\n"
        text += "let operationSamples: [OperationSample] = [\n"
        for operation in self.service.operations {
            let input = try self.value(of: self.service.shape(operation.input), isFull: true)
            let output = try operation.output.map { try self.value(of: self.service.shape($0), isFull: true) }
            text += "    OperationSample(\n        Operations.\(operation.name).self,\n"
            text += "        request: #\"\(input)\"#,\n        response: #\"\(output ?? "")\"#),\n"
        }
        return text + "]\n"
    }

    private func value(of shape: ServiceDescription.Shape, isFull: Bool) throws -> String {
        switch shape.kind {
        case .structure(let members, _):
            let parts = try members.filter { isFull || $0.isRequired }.map { member in
                "\"\(member.name)\":\(try self.value(of: self.service.shape(member.shape), isFull: isFull))"
            }
            return "{\(parts.joined(separator: ","))}"
        case .enumeration(let values): return "\"\(values.last ?? "")\""
        case .string: return "\"\(Self.string(shape))\""
        case .integer: return "\(shape.maximum ?? shape.minimum ?? 7)"
        case .boolean: return "true"
        case .timestamp: return "1446137312.204"
        case .list(let element):
            let value = try self.value(of: self.service.shape(element), isFull: isFull)
            let count = min(shape.maximum ?? 2, max(shape.minimum ?? 0, isFull ? 2 : 1))
            return "[\(Array(repeating: value, count: count).joined(separator: ","))]"
        case .map(let key, let value):
            let key = try self.value(of: self.service.shape(key), isFull: isFull)
            return "{\(key):\(try self.value(of: self.service.shape(value), isFull: isFull))}"
        }
    }

    private static func string(_ shape: ServiceDescription.Shape) -> String {
        if let pattern = shape.pattern, let match = self.matching[pattern] {
            return match
        }
        if shape.pattern != nil, shape.pattern != ".*" {
            return "sample1".padded(to: shape.minimum ?? 0)
        }
        // Without a pattern: quotes, a line break and characters of two and four bytes belong into every test.
        let text = (shape.maximum ?? .max) < 12 ? "s" : "é\\\"\\n😀"
        return text.padded(to: (shape.minimum ?? 0) + 2)
    }
}

extension String {
    fileprivate func padded(to count: Int) -> String {
        self + String(repeating: "x", count: max(0, count - self.count))
    }
}
