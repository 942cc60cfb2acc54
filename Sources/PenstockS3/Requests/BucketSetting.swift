// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// What S3 lets one set of a bucket and this store does not have, by its name in the query.
///
/// Tools ask for all of them before they touch a bucket, and take the answer that there is none for what it is. Setting
/// them is refused.
///
/// Source: Amazon S3 API Reference, Error responses, and the page of each operation.
package enum BucketSetting: String, Sendable, Hashable, CaseIterable {
    case accelerate, acl, cors, encryption, lifecycle, logging, notification
    case objectLock = "object-lock"
    case ownershipControls, policy, policyStatus, publicAccessBlock, replication, requestPayment, tagging, website

    /// How S3 tells that nothing was set.
    enum Absence: Sendable {
        case error(S3Error)
        /// A document with this root that is empty, or says what holds everywhere.
        case document(String)
    }

    var absence: Absence {
        switch self {
        case .accelerate: .document("AccelerateConfiguration")
        case .acl: .document("AccessControlPolicy")
        case .logging: .document("BucketLoggingStatus")
        case .notification: .document("NotificationConfiguration")
        case .requestPayment: .document("RequestPaymentConfiguration")
        case .cors: .missing("NoSuchCORSConfiguration", "The CORS configuration does not exist")
        case .encryption:
            .missing(
                "ServerSideEncryptionConfigurationNotFoundError",
                "The server side encryption configuration was not found"
            )
        case .lifecycle: .missing("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")
        case .objectLock:
            .missing(
                "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket"
            )
        case .ownershipControls:
            .missing("OwnershipControlsNotFoundError", "The bucket ownership controls were not found")
        case .policy, .policyStatus: .missing("NoSuchBucketPolicy", "The bucket policy does not exist")
        case .publicAccessBlock:
            .missing(
                "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found"
            )
        case .replication:
            .missing("ReplicationConfigurationNotFoundError", "The replication configuration was not found")
        case .tagging: .missing("NoSuchTagSet", "The TagSet does not exist")
        case .website:
            .missing(
                "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"
            )
        }
    }

    /// The permission to read it, without its service.
    ///
    /// Source: Service Authorization Reference, Actions, resources, and condition keys for Amazon S3.
    var permission: String {
        switch self {
        case .accelerate: "GetAccelerateConfiguration"
        case .acl: "GetBucketAcl"
        case .cors: "GetBucketCORS"
        case .encryption: "GetEncryptionConfiguration"
        case .lifecycle: "GetLifecycleConfiguration"
        case .logging: "GetBucketLogging"
        case .notification: "GetBucketNotification"
        case .objectLock: "GetBucketObjectLockConfiguration"
        case .ownershipControls: "GetBucketOwnershipControls"
        case .policy: "GetBucketPolicy"
        case .policyStatus: "GetBucketPolicyStatus"
        case .publicAccessBlock: "GetBucketPublicAccessBlock"
        case .replication: "GetReplicationConfiguration"
        case .requestPayment: "GetBucketRequestPayment"
        case .tagging: "GetBucketTagging"
        case .website: "GetBucketWebsite"
        }
    }
}

extension BucketSetting.Absence {
    fileprivate static func missing(_ code: String, _ message: String) -> Self {
        .error(S3Error(code, 404, message))
    }
}
