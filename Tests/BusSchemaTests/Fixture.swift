import BusCodec
import BusSchema
import Foundation
import JSON
import Testing

/// One recorded shape of one payload, and the value that it must decode to for as long as the type exists.
struct Fixture: Sendable, CustomTestStringConvertible {
    /// `<type>/<nnn>-<what>`, or `<type>/reply-<nnn>-<what>`.
    let name: String
    /// The value as a tree of properties, for finding optional ones and enums.
    let value: any Sendable
    /// False for a shape that newer ones have replaced: it is still read, and not written any more.
    let isCurrent: Bool
    let encode: @Sendable () throws -> [UInt8]
    /// Reads a payload and writes it again.
    let recode: @Sendable ([UInt8]) throws -> [UInt8]
    /// Whether a payload reads as the stated value.
    let reads: @Sendable ([UInt8]) throws -> Bool

    var testDescription: String { name }
    var type: String { String(name.prefix { $0 != "/" }) }

    init<Payload: Codable & Equatable & Sendable>(
        _ name: String,
        _ payload: Payload,
        isCurrent: Bool,
        encode: @escaping @Sendable (Payload) throws -> [UInt8],
        decode: @escaping @Sendable ([UInt8]) throws -> Payload
    ) {
        self.name = name
        self.value = payload
        self.isCurrent = isCurrent
        self.encode = { try encode(payload) }
        self.recode = { try encode(try decode($0)) }
        self.reads = { try decode($0) == payload }
    }

    static func message<M: BusMessage>(_ what: String, _ message: M, isCurrent: Bool = true) -> Fixture {
        let kind: Header.Kind = M.self is any BusState.Type ? .state : M.self is any BusEvent.Type ? .event : .request
        return Fixture(
            "\(M.type)/\(what)",
            message,
            isCurrent: isCurrent,
            encode: { try BusCodec.encode($0, header: header(kind, M.type)).payload },
            decode: { try BusCodec.decode(M.self, from: $0) }
        )
    }

    static func reply<R: BusRequest>(_: R.Type, _ what: String, _ reply: R.Reply, isCurrent: Bool = true) -> Fixture {
        Fixture(
            "\(R.type)/reply-\(what)",
            reply,
            isCurrent: isCurrent,
            encode: { try BusCodec.encode(reply: $0, header: header(.reply, R.type)).payload },
            decode: { try BusCodec.decodeReply(to: R.self, from: $0) }
        )
    }

    /// The recorded bytes. Files end with a line break, payloads do not.
    func recorded() throws -> [UInt8] {
        let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures")
        var bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent(name + ".json")))
        #expect(bytes.last == UInt8(ascii: "\n"))
        bytes.removeLast()
        return bytes
    }

    static func header(_ kind: Header.Kind, _ type: String) -> Header {
        Header(kind: kind, type: type, id: "c0ffee", source: .ocppGateway, sentAt: 1_767_225_600_000, uptime: 1000)
    }
}

/// Every file below `Fixtures`, without its extension.
func recordedNames() throws -> [String] {
    let root = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures")
    let manager = FileManager.default
    return try manager.contentsOfDirectory(atPath: root.path).flatMap { folder in
        try manager.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path).map {
            "\(folder)/\($0.hasSuffix(".json") ? String($0.dropLast(5)) : $0)"
        }
    }
}
