// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockHTTP
package import PenstockModel
package import PenstockRuntime

/// Everything that can be chosen about a server.
package struct ServerConfiguration: Sendable {
    /// Where rows are kept.
    package enum Database: Sendable, Hashable {
        /// In a file of the data directory.
        case embedded
        /// In PostgreSQL, by its connection string.
        case shared(String)
    }

    /// What time the service goes by.
    package enum Clock: String, Sendable, CaseIterable {
        /// That of the machine.
        case system
        /// One that stands still until it is moved; a restart goes on where it stood.
        case manual
    }

    /// The files of an encrypted address, both PEM.
    package struct TLSFiles: Sendable, Hashable {
        /// The server's certificate, followed by those that lead to one that clients know.
        package var certificate: String
        package var key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    package static let defaultHost = "127.0.0.1"
    package static let defaultPort = 7480
    package static let defaultMaximumConnections = HTTPLimits().connections

    package static let defaultDatabaseConnections = 8
    /// As many threads as well.
    private static let maximumDatabaseConnections = 1000

    /// Made when it is not there.
    package var dataDirectory: String
    package var database = Database.embedded
    /// Transactions that may run at once in a shared database, each on a connection; further ones wait.
    package var databaseConnections = Self.defaultDatabaseConnections
    package var clock = Clock.system
    /// A file with the master key; `nil` for the one that the data directory has. A shared database requires it.
    package var masterKeyFile: String?
    package var host = Self.defaultHost
    /// 0 for one that is free.
    package var port = Self.defaultPort
    package var tls: TLSFiles?
    /// Where links to the service start, without a slash at its end; `nil` for the address that it listens on.
    package var publicURL: String?
    /// Listen beyond this machine without encryption.
    package var allowsInsecureHTTP = false
    /// Host names beneath which the name of a bucket may stand. Names beneath `localhost` are this machine's everywhere,
    /// and many SDKs use them without being told.
    package var bucketHosts = ["localhost"]
    /// The account of the administrator's key that a first start makes.
    package var account = AccountID.default
    /// From the request to stop until no more connections are taken, for load balancers to see that it is not ready.
    package var drainDelay = Duration.zero
    /// What is still running so long after the request to stop is abandoned.
    package var shutdownLimit = Duration.seconds(60)
    /// A file that says who is told of events; `nil` for nobody.
    package var eventsFile: String?
    /// A file that says which buckets are those of other stores; `nil` for none.
    package var foreignBucketsFile: String?
    /// Where the content of artifacts is, `s3://BUCKET/PREFIX?…`; `nil` for a directory in that of the data.
    package var artifacts: String?
    /// Where a line for each answered request goes; `nil` for nowhere.
    package var accessLog: AccessLogDestination?
    /// Connections that may be open at once; further ones wait.
    package var maximumConnections = Self.defaultMaximumConnections
    package var runtime = RuntimeSettings()

    package init(dataDirectory: String) { self.dataDirectory = dataDirectory }

    /// - Throws: ``ServerError`` with code `.configuration`.
    package func validate() throws(ServerError) {
        guard 0...65535 ~= self.port else {
            throw ServerError(.configuration, "The port must be a number from 0 to 65535.")
        }
        guard 1...65535 ~= self.maximumConnections else {
            throw ServerError(.configuration, "The connections that may be open must be a number from 1 to 65535.")
        }
        guard 1...Self.maximumDatabaseConnections ~= self.databaseConnections else {
            throw ServerError(
                .configuration,
                "The connections to the database must be a number from 1 to \(Self.maximumDatabaseConnections).")
        }
        if self.tls == nil, !self.allowsInsecureHTTP, !ListeningAddress.isLoopback(self.host) {
            throw ServerError(
                .configuration,
                """
                Listening on \(self.host) without TLS is refused: requests are signed but not encrypted, so whoever \
                sees the traffic reads artifacts, job secrets and session tokens, and can use the tokens. \
                Give --tls-certificate and --tls-key, put a proxy with TLS in front and listen on 127.0.0.1, \
                or say --insecure-http if the network is your own.
                """
            )
        }
        if case .shared = self.database, self.masterKeyFile == nil {
            throw ServerError(
                .configuration,
                "A shared database needs --master-key-file: all servers of one database share one key, kept apart from it."
            )
        }
        if case .shared = self.database, self.clock == .manual {
            throw ServerError(
                .configuration,
                "A manual clock is for one server on its own directory: servers of one database would each have a time of their own."
            )
        }
    }
}
