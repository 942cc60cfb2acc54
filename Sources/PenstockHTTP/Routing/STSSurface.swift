// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
package import HummingbirdCore
internal import NIOCore
internal import PenstockAccess
internal import PenstockModel
internal import PenstockSigning

/// The one operation of STS that tools ask before anything else: who am I?
///
/// Source: AWS Security Token Service API Reference, GetCallerIdentity.
package struct STSSurface: Surface {
    /// The form is a few dozen bytes.
    package static let maximumBodyBytes = 64 * 1024

    private static let namespace = "https://sts.amazonaws.com/doc/2011-06-15/"

    private let authenticator: Authenticator

    package init(_ foundation: Authenticator.Foundation) {
        self.authenticator = Authenticator(foundation, policy: .api(service: "sts"))
    }

    package func respond(to request: SurfaceRequest) async throws -> Response {
        let body: ByteBuffer
        do {
            body = try await request.collectBody(limit: Self.maximumBodyBytes)
        } catch is BodyTooLarge {
            return Self.failure("RequestEntityTooLarge", 413, "The request is too long.", request.id)
        }
        let caller: Caller
        do {
            caller = try await self.authenticator.authenticate(request, body: body.readableBytesView)
        } catch let error as AuthenticationError {
            let fault = error.apiFault
            return Self.failure(
                Self.code(of: fault), fault.code.hasPrefix("Incomplete") ? 400 : 403, fault.message, request.id)
        }
        // A worker's credentials are for artifacts alone, and a partner's must not learn the customer's account.
        guard caller.jobGrant == nil else { return Self.failure("AccessDenied", 403, "Access denied", request.id) }
        let form = request.method == .post ? String(buffer: body) : request.query ?? ""
        guard form.split(separator: "&").contains("Action=GetCallerIdentity") else {
            return Self.failure("InvalidAction", 400, "Could not find operation for this version.", request.id)
        }
        request.note?.name(operation: "GetCallerIdentity")
        return Self.identity(of: caller, request.id)
    }

    /// STS names the same errors without the suffix that the JSON services have, and two of them otherwise.
    private static func code(of fault: AuthenticationFault) -> String {
        switch fault.code {
        case "UnrecognizedClientException": "InvalidClientTokenId"
        case "InvalidSignatureException": "SignatureDoesNotMatch"
        case let code where code.hasSuffix("Exception"): String(code.dropLast(9))
        case let code: code
        }
    }

    private static func identity(of caller: Caller, _ requestID: RequestID) -> Response {
        var body = ByteBuffer()
        body.writeString("<GetCallerIdentityResponse xmlns=\"\(self.namespace)\"><GetCallerIdentityResult><Arn>")
        body.writeXMLText(caller.principal.arn)
        body.writeString("</Arn><UserId>")
        body.writeXMLText(self.userID(of: caller))
        body.writeString("</UserId><Account>\(caller.scope.account)</Account></GetCallerIdentityResult>")
        body.writeString("<ResponseMetadata><RequestId>\(requestID)</RequestId></ResponseMetadata>")
        body.writeString("</GetCallerIdentityResponse>")
        return self.response(.ok, body, requestID)
    }

    /// A user is known by its name; a session by its key as well, as the sessions of roles are.
    private static func userID(of caller: Caller) -> String {
        switch caller.principal.kind {
        case .administrator, .user: caller.principal.name
        case .session: "\(caller.accessKeyID):\(caller.principal.name)"
        }
    }

    private static func failure(_ code: String, _ status: Int, _ message: String, _ requestID: RequestID) -> Response {
        var body = ByteBuffer()
        body.writeString("<ErrorResponse xmlns=\"\(self.namespace)\"><Error><Type>Sender</Type><Code>")
        body.writeXMLText(code)
        body.writeString("</Code><Message>")
        body.writeXMLText(message)
        body.writeString("</Message></Error><RequestId>\(requestID)</RequestId></ErrorResponse>")
        return self.response(HTTPResponse.Status(code: status), body, requestID)
    }

    private static func response(_ status: HTTPResponse.Status, _ body: ByteBuffer, _ requestID: RequestID) -> Response
    {
        Response(
            status: status,
            headers: [.contentType: "text/xml", .xAmznRequestID: requestID.description],
            body: ResponseBody(byteBuffer: body)
        )
    }
}
