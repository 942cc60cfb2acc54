// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import PenstockArtifacts
import PenstockHTTP
import PenstockModel

extension S3Call {
    /// Tells that the setting was never made, if the bucket is there.
    func getBucketSetting(_ setting: BucketSetting) async throws -> Response {
        _ = try await self.store.bucket(try self.bucket(), as: self.storeCaller)
        switch setting.absence {
        case .error(let error): throw error
        case .document(let root):
            return self.document(root) { xml in
                switch setting {
                case .acl: self.accessControlList(&xml)
                case .requestPayment: xml.element("Payer", "BucketOwner")
                default: break
                }
            }
        }
    }

    func getObjectAcl() async throws -> Response {
        let fields = try await self.versionHeader()
        return self.document("AccessControlPolicy", headers: fields) { self.accessControlList(&$0) }
    }

    /// The AWS CLI asks for the tags of whatever it copies in parts.
    func getObjectTagging() async throws -> Response {
        let fields = try await self.versionHeader()
        return self.document("Tagging", headers: fields) { $0.element("TagSet") { _ in } }
    }

    /// Throws when the object is not there.
    private func versionHeader() async throws -> HTTPFields {
        let found = try await self.store.object(try self.readable(try self.object()), as: self.storeCaller)
        var fields = HTTPFields()
        if found.versioning != .off { fields[.xAmzVersionID] = found.row.versionID.rawValue }
        return fields
    }

    /// Policies decide who does what; as far as these lists go, everything is its owner's.
    private func accessControlList(_ xml: inout XMLWriter) {
        self.owner("Owner", &xml)
        xml.element("AccessControlList") { xml in
            xml.element("Grant") { xml in
                let id = self.caller.scope.account.rawValue
                xml.element("Grantee", type: "CanonicalUser") { xml in
                    xml.element("ID", id)
                    xml.element("DisplayName", id)
                }
                xml.element("Permission", "FULL_CONTROL")
            }
        }
    }
}
