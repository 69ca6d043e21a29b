import Foundation
import Primitives
import TLS

/// A client and a server wired to each other, without sockets.
struct Pair {
    let client: TLSConnection
    let server: TLSConnection
    private(set) var clientEvents: [TLSConnection.Event] = []
    private(set) var serverEvents: [TLSConnection.Event] = []

    init(
        _ authority: Authority,
        trusting context: TLSContext? = nil,
        host: String = "csms.example",
        time: KnownTime = .about(Pair.today),
        resuming session: TLSSession? = nil,
        server serverContext: TLSContext? = nil
    ) throws {
        let trust = try context ?? TLSContext.client(roots: try authority.read("root.pem"))
        client = try TLSConnection.client(trust, host: host, time: time, resuming: session)
        let own =
            try serverContext
            ?? TLSContext.server(certificates: try authority.read("server.pem"), key: try authority.read("server.key"))
        server = try TLSConnection.server(own)
    }

    static var today: Timestamp { Timestamp(millisecondsSinceEpoch: Int64(Date().timeIntervalSince1970 * 1000)) }

    /// Carries bytes to and fro until nobody has anything to say, in chunks of that size.
    mutating func exchange(_ first: [UInt8]? = nil, chunk: Int = .max) {
        var toServer = first ?? client.start()
        while !toServer.isEmpty {
            let answer = Self.feed(toServer, to: server, chunk)
            serverEvents += answer.events
            let next = Self.feed(answer.output, to: client, chunk)
            clientEvents += next.events
            toServer = next.output
        }
    }

    /// What the server has to say to the client.
    mutating func tellClient(_ bytes: [UInt8]?) {
        let progress = client.receive(bytes ?? [])
        clientEvents += progress.events
        exchange(progress.output)
    }

    private static func feed(_ bytes: [UInt8], to side: TLSConnection, _ chunk: Int) -> (
        events: [TLSConnection.Event], output: [UInt8]
    ) {
        var all: (events: [TLSConnection.Event], output: [UInt8]) = ([], [])
        var rest = bytes[...]
        while !rest.isEmpty {
            let progress = side.receive(Array(rest.prefix(chunk)))
            rest = rest.dropFirst(chunk)
            all.events += progress.events
            all.output += progress.output
        }
        return all
    }

    /// Why the client gave up.
    var failure: TLSFailure? {
        for case .failed(let failure) in clientEvents { return failure }
        return nil
    }
}
