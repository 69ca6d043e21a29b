import BusCodec
import BusSchema
import JSON
import OCPP
import OCPPCodec
import Primitives
import SiteConfiguration
import WebSocket

/// One reader of bytes from outside. None may stop the process, whatever the bytes are; what is read and written again must be the same.
enum FuzzTarget: String, CaseIterable {
    case httpHead
    case url
    case webSocket
    case json
    case ocpp
    case busHeader
    case busPayload
    case journal
    case document
    case siteFile
    case transactions
    case gatewayDocument
    case hardwareMemory
    case settings
    case cardReader
    case controller
    case modem
    case nameServer

    func run(_ bytes: [UInt8]) {
        switch self {
        case .httpHead: Self.readHeads(bytes)
        case .url: Self.readURL(bytes)
        case .webSocket: Self.readFrames(bytes)
        case .json: Self.readJSON(bytes)
        case .ocpp: Self.readMessage(bytes)
        case .busHeader: Self.readHeader(bytes)
        case .busPayload: Self.readPayload(bytes)
        case .journal: StorageInputs.readJournal(bytes)
        case .document: StorageInputs.readDocument(bytes)
        case .siteFile: Self.readSiteFile(bytes)
        case .transactions: StateInputs.readTransactions(bytes)
        case .gatewayDocument: StateInputs.readGatewayDocument(bytes)
        case .hardwareMemory: StateInputs.readHardwareMemory(bytes)
        case .settings: StateInputs.readSettings(bytes)
        case .cardReader: DeviceInputs.readCards(bytes)
        case .controller: DeviceInputs.readController(bytes)
        case .modem: ModemInputs.hear(bytes)
        case .nameServer: NameServerInputs.read(bytes)
        }
    }
}

// MARK: - WebSocket

extension FuzzTarget {
    /// A request at the server, whole and byte by byte, and an answer at the client.
    private static func readHeads(_ bytes: [UInt8]) {
        var random = SeededRandom(seed: 1)
        var server = WebSocketConnection.server()
        let whole = server.receive(bytes, using: &random)
        if case .upgradeRequested(let request)? = whole.first { _ = request.identity }
        var slow = WebSocketConnection.server()
        for byte in bytes.prefix(1024) where !slow.isClosed { _ = slow.receive([byte], using: &random) }
        guard let url = try? WebSocketURL("ws://csms.example/ocpp/CP001") else { return }
        var (client, _) = WebSocketConnection.client(url: url, subprotocols: ["ocpp1.6"], using: &random)
        _ = client.receive(bytes, using: &random)
        _ = client.receiveEndOfStream()
    }

    private static func readURL(_ bytes: [UInt8]) {
        guard let url = try? WebSocketURL(String(decoding: bytes, as: UTF8.self)) else { return }
        guard let again = try? WebSocketURL(url.description) else {
            fatalError("\(url) is written, and cannot be read.")
        }
        precondition(again == url, "\(url) is read as \(again).")
        _ = url.appending(identity: "ä/\(url.host)")
    }

    /// Bit 0 of the first byte says which end reads, the others how large the chunks are.
    private static func readFrames(_ bytes: [UInt8]) {
        guard let first = bytes.first, var (connection, random) = open(asServer: first & 1 == 1) else { return }
        let size = Int(first >> 1) + 1
        var rest = bytes.dropFirst()
        while !rest.isEmpty, !connection.isClosed {
            for event in connection.receive(Array(rest.prefix(size)), using: &random) {
                guard case .textReceived(let text) = event else { continue }
                precondition(String(validating: text, as: UTF8.self) != nil, "A text that is no UTF-8 was let through.")
            }
            rest = rest.dropFirst(size)
        }
        _ = connection.receiveEndOfStream()
    }

    private static func open(asServer: Bool) -> (WebSocketConnection, SeededRandom)? {
        var random = SeededRandom(seed: 1)
        guard let url = try? WebSocketURL("ws://csms.example/ocpp/CP001") else { return nil }
        let limits = WebSocketLimits(maximumMessageBytes: 64 * 1024, maximumFragments: 4096)
        var (client, request) = WebSocketConnection.client(
            url: url,
            subprotocols: ["ocpp1.6"],
            limits: limits,
            using: &random
        )
        var server = WebSocketConnection.server(limits: limits)
        _ = server.receive(request, using: &random)
        for case .send(let answer) in server.accept(subprotocol: "ocpp1.6", using: &random) {
            _ = client.receive(answer, using: &random)
        }
        return (asServer ? server : client, random)
    }
}

// MARK: - JSON and what is made of it

extension FuzzTarget {
    private static func readJSON(_ bytes: [UInt8]) {
        _ = JSON.leadingScalars(bytes, count: 3)
        do {
            let value = try JSON.parse(bytes)
            for pretty in [false, true] {
                let again = try? JSON.parse(JSON.write(value, pretty: pretty), limits: JSONLimits(bytes: .max))
                precondition(again == value, "What was read must be read the same when written.")
            }
        } catch {
            precondition((0...bytes.count).contains(error.offset), "The error lies outside of the document.")
            _ = error.position(in: bytes)
        }
    }

    /// At both ends; an answer belongs to the action that the first byte names.
    private static func readMessage(_ bytes: [UInt8]) {
        let actions = Action.allCases
        let pending = actions[Int(bytes.first ?? 0) % actions.count]
        let frame = Array(bytes.dropFirst())
        _ = FrameText.mentions("AuthorizationKey", in: frame)
        for role in Role.allCases {
            let codec = MessageCodec(role: role)
            switch codec.decode(frame, actionOfPendingCall: { _ in pending }) {
            case .call(let id, let request):
                let again = codec.decode(MessageCodec.encodeCall(id: id, request)) { _ in nil }
                precondition(again == .call(id: id, request), "A request must be read the same when written.")
            case .callResult(let id, let confirmation):
                let again = codec.decode(MessageCodec.encodeResult(id: id, confirmation)) { _ in pending }
                precondition(
                    again == .callResult(id: id, confirmation),
                    "An answer must be read the same when written."
                )
            case .callError(let id, let error), .rejectedCall(let id, _, let error):
                precondition(!MessageCodec.encodeError(id: id, error).isEmpty, "An error must be writable.")
            case .undecodableResult, .ignored:
                break
            }
        }
    }

    private static func readHeader(_ bytes: [UInt8]) {
        guard let header = try? BusCodec.decodeHeader(bytes), let written = try? BusCodec.encodeHeader(header)
        else { return }
        precondition((try? BusCodec.decodeHeader(written)) == header, "A header must be read the same when written.")
    }

    /// The first byte names the type, the second the kind.
    private static func readPayload(_ bytes: [UInt8]) {
        guard bytes.count >= 2 else { return }
        let types =
            BusRegistry.states.map { $0.type } + BusRegistry.events.map { $0.type }
            + BusRegistry.requests.map { $0.type }
        let kinds: [Header.Kind] = [.state, .event, .request, .reply, .error]
        let header = Header(
            kind: kinds[Int(bytes[1]) % kinds.count],
            type: types[Int(bytes[0]) % types.count],
            id: "1",
            source: .ocppGateway,
            sentAt: 0,
            uptime: 0
        )
        let payload = Array(bytes.dropFirst(2))
        guard let content = try? BusCodec.decodeContent(payload, header: header) else { return }
        precondition((try? BusCodec.decodeContent(payload, header: header)) == content, "The same bytes mean the same.")
    }

    private static func readSiteFile(_ bytes: [UInt8]) {
        guard let file = try? SiteFile(bytes: bytes) else { return }
        _ = file.mistakes()
        _ = try? file.station()
        _ = try? file.centralSystem()
        _ = try? file.ocppDefaults()
        _ = try? file.connectors()
        _ = try? file.readers()
        _ = try? file.uplinks()
        _ = try? file.permit()
        _ = try? file.simulation()
    }
}
