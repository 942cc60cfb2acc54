// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

extension BuiltInActionTypes {
    static let deployments = [
        type(
            .deploy, "S3", inputs: 1...1, outputs: 0...0,
            .required("BucketName", "Extract")
                + .optional("ObjectKey", "KMSEncryptionKeyARN", "CannedACL", "CacheControl")),
        type(
            .deploy, "CodeDeploy", inputs: 1...1, outputs: 0...0,
            .required("ApplicationName", "DeploymentGroupName")),
        type(
            .deploy, "CodeDeployToECS", inputs: 1...5, outputs: 0...0,
            .required(
                "ApplicationName", "DeploymentGroupName", "TaskDefinitionTemplateArtifact", "AppSpecTemplateArtifact")
                + .optional(
                    "TaskDefinitionTemplatePath", "AppSpecTemplatePath", "Image1ArtifactName", "Image1ContainerName",
                    "Image2ArtifactName", "Image2ContainerName", "Image3ArtifactName", "Image3ContainerName",
                    "Image4ArtifactName", "Image4ContainerName")),
        type(
            .deploy, "ECS", inputs: 1...1, outputs: 0...0,
            .required("ClusterName", "ServiceName") + .optional("FileName", "DeploymentTimeout")),
        type(
            .deploy, "EC2", inputs: 1...1, outputs: 0...0,
            .required("InstanceTagKey", "InstanceType")
                + .optional(
                    "InstanceTagValue", "TargetDirectory", "PreScript", "PostScript", "DeploySpec", "MaxBatch",
                    "MaxError", "TargetGroupNameList")),
        type(
            .deploy, "EKS", inputs: 1...1, outputs: 0...0,
            .required("ClusterName")
                + .optional(
                    "HelmReleaseName", "HelmChartLocation", "HelmValuesFiles", "ManifestFiles", "Namespace", "Subnets",
                    "SecurityGroupIds")),
        type(
            .deploy, "Lambda", inputs: 0...1, outputs: 0...0,
            .required("FunctionName")
                + .optional("FunctionAlias", "PublishedTargetVersion", "DeployStrategy", "Alarms")),
        type(
            .deploy, "ElasticBeanstalk", inputs: 1...1, outputs: 0...0,
            .required("ApplicationName", "EnvironmentName")),
        type(
            .deploy, "ServiceCatalog", inputs: 1...1, outputs: 0...0,
            .required("ProductId")
                + .optional(
                    "TemplateFilePath", "ProductVersionName", "ProductType", "ProductVersionDescription",
                    "ConfigurationFilePath")),
        type(
            .deploy, "AppConfig", inputs: 1...1, outputs: 0...0,
            .required("Application", "Environment", "ConfigurationProfile", "InputArtifactConfigurationPath")
                + .optional("DeploymentStrategy")),
        type(
            .deploy, "OpsWorks", inputs: 1...1, outputs: 0...0,
            .optional("App", "Stack", "Layer", "AppId", "StackId", "LayerId", "DeploymentType")),
        type(
            .deploy, "AlexaSkillsKit", owner: .thirdParty, inputs: 1...2, outputs: 0...0,
            .required("ClientId", "SkillId") + .secret("ClientSecret", "RefreshToken")),
    ]

    static let stackDeployments = [
        type(
            .deploy, "CloudFormation", inputs: 0...10, outputs: 0...1,
            .required("ActionMode", "StackName")
                + .optional(
                    "ChangeSetName", "TemplatePath", "RoleArn", "Capabilities", "TemplateConfiguration",
                    "ParameterOverrides", "OutputFileName")),
        type(
            .deploy, "CloudFormationStackSet", inputs: 1...10, outputs: 0...1,
            .required("StackSetName", "TemplatePath")
                + .optional(
                    "Description", "Parameters", "Capabilities", "PermissionModel", "AdministrationRoleArn",
                    "ExecutionRoleName", "OrganizationsAutoDeployment", "DeploymentTargets", "Regions",
                    "FailureTolerancePercentage", "MaxConcurrentPercentage")),
        type(
            .deploy, "CloudFormationStackInstances", inputs: 0...10, outputs: 0...1,
            .required("StackSetName", "Regions")
                + .optional(
                    "DeploymentTargets", "ParameterOverrides", "FailureTolerancePercentage",
                    "MaxConcurrentPercentage")),
    ]
}
