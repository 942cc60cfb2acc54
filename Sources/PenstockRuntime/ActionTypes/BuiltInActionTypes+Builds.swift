// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

extension BuiltInActionTypes {
    static let builds =
        [ActionCategory.build, .test].map { category in
            type(
                category, "CodeBuild", inputs: 1...5, outputs: 0...5,
                .required("ProjectName")
                    + .optional(
                        "PrimarySource", "EnvironmentVariables", "BuildspecOverride", "BatchEnabled",
                        "CombineArtifacts", "ServiceRoleArnOverride"))
        }
        + [ActionCategory.compute, .build].map { category in
            type(
                category, "Commands", inputs: 0...10, outputs: 0...1,
                .optional("EnvironmentType", "ComputeType", "VpcId", "Subnets", "SecurityGroupIds"))
        }
        + [
            type(
                .build, "ECRBuildAndPublish", inputs: 1...1, outputs: 0...1,
                .required("ECRRepositoryName") + .optional("DockerFilePath", "ImageTags", "RegistryType")),
            type(
                .test, "DeviceFarm", inputs: 1...1, outputs: 0...0,
                .required("AppType", "ProjectId", "App", "TestType", "DevicePoolArn")
                    + .optional(
                        "Test", "FuzzEventCount", "FuzzEventThrottle", "FuzzRandomizerSeed",
                        "CustomHostMachineArtifacts",
                        "CustomDeviceArtifacts", "UnmeteredDevicesOnly", "TestSpec", "DeviceLatitude",
                        "DeviceLongitude", "DeviceLocation", "RadioBluetoothEnabled", "RecordAppPerformanceData",
                        "RecordVideo", "RadioWifiEnabled", "RadioNfcEnabled", "RadioGpsEnabled")),
        ]
}
