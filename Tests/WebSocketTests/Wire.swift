import Primitives
import Testing

@testable import WebSocket

/// Builds any frame, legal or not.
func rawFrame(
    _ first: UInt8,
    _ payload: [UInt8] = [],
    mask: UInt32? = nil,
    lengthBytes: [UInt8]? = nil
) -> [UInt8] {
    let maskBit: UInt8 = mask == nil ? 0 : 0x80
    var bytes = [first]
    if let lengthBytes {
        bytes += [lengthBytes[0] | maskBit] + lengthBytes.dropFirst()
    } else {
        precondition(payload.count < 126)
        bytes.append(maskBit | UInt8(payload.count))
    }
    var body = payload
    if let mask {
        bytes += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: mask >> UInt32($0)) }
        Masking.apply(mask, offset: 0, to: &body, from: 0)
    }
    return bytes + body
}

/// A client and a server with a wire between them.
struct Pair {
    var client: WebSocketConnection
    var server = WebSocketConnection.server()
    var random = SeededRandom(seed: 1)
    var clientEvents: [WebSocketEvent] = []
    var serverEvents: [WebSocketEvent] = []

    static let url = "ws://csms.example:8080/ocpp/CP001"

    init(subprotocols: [String] = ["ocpp1.6"], choosing chosen: String? = "ocpp1.6") throws {
        let (client, request) = WebSocketConnection.client(
            url: try WebSocketURL(Self.url),
            subprotocols: subprotocols,
            using: &random
        )
        self.client = client
        toServer(request)
        let accepted = server.accept(subprotocol: chosen, using: &random)
        deliver(accepted, fromClient: false)
    }

    mutating func toServer(_ bytes: [UInt8]) {
        let events = server.receive(bytes, using: &random)
        serverEvents += events
        deliver(events, fromClient: false)
    }

    mutating func toClient(_ bytes: [UInt8]) {
        let events = client.receive(bytes, using: &random)
        clientEvents += events
        deliver(events, fromClient: true)
    }

    /// Carries what an end wants sent to the other one.
    private mutating func deliver(_ events: [WebSocketEvent], fromClient: Bool) {
        for case .send(let bytes) in events {
            if fromClient { toServer(bytes) } else { toClient(bytes) }
        }
    }
}

/// A client connection that is open, without a server.
func openClient(limits: WebSocketLimits = WebSocketLimits()) throws -> (WebSocketConnection, SeededRandom) {
    var random = SeededRandom(seed: 7)
    var (client, request) = WebSocketConnection.client(
        url: try WebSocketURL(Pair.url),
        subprotocols: ["ocpp1.6"],
        limits: limits,
        using: &random
    )
    var server = WebSocketConnection.server()
    _ = server.receive(request, using: &random)
    for case .send(let bytes) in server.accept(subprotocol: "ocpp1.6", using: &random) {
        _ = client.receive(bytes, using: &random)
    }
    #expect(client.isOpen)
    return (client, random)
}

/// A server connection that is open, without a client.
func openServer(limits: WebSocketLimits = WebSocketLimits()) throws -> (WebSocketConnection, SeededRandom) {
    var random = SeededRandom(seed: 8)
    let request = WebSocketConnection.client(
        url: try WebSocketURL(Pair.url),
        subprotocols: ["ocpp1.6"],
        using: &random
    ).request
    var server = WebSocketConnection.server(limits: limits)
    _ = server.receive(request, using: &random)
    _ = server.accept(subprotocol: "ocpp1.6", using: &random)
    #expect(server.isOpen)
    return (server, random)
}

func text(_ string: String) -> WebSocketEvent { .textReceived(Array(string.utf8)) }
