// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Hummingbird
import NIOCore

/// The peer of the service's HTTP side: the same framework answers every POST with two bytes, and checks nothing.
@main
struct ConstantServer {
    static func main() async throws {
        let router = Router()
        router.post("/") { request, _ in
            for try await _ in request.body {}
            return Response(
                status: .ok,
                headers: [.contentType: "application/x-amz-json-1.1"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: "{}"))
            )
        }
        let app = Application(
            router: router,
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                print("ready http://127.0.0.1:\(channel.localAddress?.port ?? 0)")
                flush()
            }
        )
        try await app.runService()
    }

    /// A pipe is not written line by line.
    private static func flush() { fflush(nil) }
}
