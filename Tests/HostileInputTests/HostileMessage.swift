import BusCodec
import BusSchema
import Foundation
import JSON
import Testing

/// A recorded message of the bus, and all that becomes of it by one change and can still be read.
struct HostileMessage: Sendable, CustomTestStringConvertible {
    /// `<type>/<nnn>-<what>`, or `<type>/reply-<nnn>-<what>`.
    let name: String

    var type: String { String(name.prefix { $0 != "/" }) }
    var isReply: Bool { name.contains("/reply-") }
    var testDescription: String { name }

    /// Every recorded shape of every type: a type without one fails the tests of the schema.
    static let all: [HostileMessage] = {
        let manager = FileManager.default
        let types = (try? manager.contentsOfDirectory(atPath: folder)) ?? []
        return types.filter { BusRegistry.message(named: $0) != nil }.sorted().flatMap { type in
            let files = (try? manager.contentsOfDirectory(atPath: "\(folder)/\(type)")) ?? []
            return files.filter { $0.hasSuffix(".json") }.sorted()
                .map { HostileMessage(name: "\(type)/\($0.dropLast(5))") }
        }
    }()

    /// The requests that this service answers.
    static func requests(to service: ServiceName) -> [HostileMessage] {
        all.filter { !$0.isReply && BusRegistry.request(named: $0.type)?.server == service }
    }

    /// What was done, and what a service gets to see then. What cannot be read never gets there.
    func readable() throws -> [(what: String, content: BusContent)] {
        let recorded = try Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/\(name).json"))
        let header = Header(kind: kind, type: type, id: "1", source: .chargectl, sentAt: 0, uptime: 0)
        return HostileVariants.of(try JSON.parse([UInt8](recorded))).compactMap { variant in
            guard let content = try? BusCodec.decodeContent(Array(variant.text.utf8), header: header) else {
                return nil
            }
            return ("\(name) \(variant.what)", content)
        }
    }

    private var kind: Header.Kind {
        if isReply { return .reply }
        let message = BusRegistry.message(named: type)
        return message is any BusState.Type ? .state : message is any BusEvent.Type ? .event : .request
    }

    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("BusSchemaTests/Fixtures").path
}
