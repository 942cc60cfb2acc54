// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

// The same structures as `Codable`, as the alternative would have generated them, without any checks.

struct CodableInput: Codable {
    var pipeline: CodablePipeline
    var tags: [CodableTag]?
}

struct CodableTag: Codable {
    var key: String
    var value: String
}

struct CodablePipeline: Codable {
    var name: String
    var roleArn: String
    var artifactStore: CodableArtifactStore?
    var artifactStores: [String: CodableArtifactStore]?
    var stages: [CodableStage]
    var version: Int?
    var executionMode: String?
    var pipelineType: String?
    var variables: [CodableVariable]?
}

struct CodableArtifactStore: Codable {
    var type: String
    var location: String
}

struct CodableVariable: Codable {
    var name: String
    var defaultValue: String?
    var description: String?
}

struct CodableStage: Codable {
    var name: String
    var actions: [CodableAction]
    var onFailure: CodableFailureConditions?
}

struct CodableFailureConditions: Codable {
    var result: String?
}

struct CodableAction: Codable {
    var name: String
    var actionTypeId: CodableActionTypeID
    var runOrder: Int?
    var configuration: [String: String]?
    var commands: [String]?
    var outputArtifacts: [CodableArtifact]?
    var inputArtifacts: [CodableArtifact]?
    var outputVariables: [String]?
    var roleArn: String?
    var region: String?
    var namespace: String?
    var timeoutInMinutes: Int?
}

struct CodableActionTypeID: Codable {
    var category: String
    var owner: String
    var provider: String
    var version: String
}

struct CodableArtifact: Codable {
    var name: String
    var files: [String]?
}
