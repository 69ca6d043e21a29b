import Foundation
import OCPP
import Primitives
import Testing

@testable import GatewayCore

@Suite struct AuthorizationRulesTests {
    private typealias Rules = AuthorizationRules

    private static func keys(_ preAuthorize: Bool, _ offline: Bool, _ unknown: Bool) -> CoreKeys {
        var keys = CoreKeys()
        keys.localPreAuthorize = preAuthorize
        keys.localAuthorizeOffline = offline
        keys.allowOfflineTxForUnknownId = unknown
        return keys
    }

    private static let allKeys = [false, true].flatMap { one in
        [false, true].flatMap { two in [false, true].map { keys(one, two, $0) } }
    }

    @Test func everyCircumstanceHasExactlyOneRow() {
        for connection in Rules.Connection.allCases {
            for word in Rules.Word.allCases {
                for keys in Self.allKeys {
                    let rows = Rules.table.filter { $0.applies(connection, word, keys) }
                    #expect(rows.count == 1, "\(connection) \(word)")
                }
            }
        }
    }

    /// OCPP 1.6 §3.5, clause by clause and without a look at the table.
    @Test func theRulesAreThoseOfTheSpecification() {
        for keys in Self.allKeys {
            let (preAuthorize, offline, unknown) = (
                keys.localPreAuthorize, keys.localAuthorizeOffline, keys.allowOfflineTxForUnknownId
            )
            #expect(Rules.decide(.online, .accepted, keys) == (preAuthorize ? .accept : .ask))
            #expect(Rules.decide(.online, .notAccepted, keys) == .ask)
            #expect(Rules.decide(.online, .unknown, keys) == .ask)
            #expect(Rules.decide(.offline, .accepted, keys) == (offline ? .accept : .refuse))
            #expect(Rules.decide(.offline, .notAccepted, keys) == .refuse)
            #expect(Rules.decide(.offline, .unknown, keys) == (unknown ? .accept : .refuse))
        }
    }

    /// OCPP 1.6 §3.5.3.
    @Test func theLocalListHasPriorityOverTheCache() {
        let good = IdTagInfo(status: .accepted)
        let bad = IdTagInfo(status: .blocked)
        #expect(KnownIdentifier([.localList: bad, .cache: good], isTimeKnown: true)?.word == .notAccepted)
        #expect(KnownIdentifier([.localList: good, .cache: bad], isTimeKnown: true)?.word == .accepted)
        #expect(KnownIdentifier([.cache: bad], isTimeKnown: true)?.word == .notAccepted)
        #expect(KnownIdentifier([:], isTimeKnown: true) == nil)
    }

    @Test(arguments: [AuthorizationStatus.blocked, .expired, .invalid, .concurrentTx])
    func onlyAcceptedIsAccepted(status: AuthorizationStatus) {
        let known = KnownIdentifier([.cache: IdTagInfo(status: status)], isTimeKnown: true)
        #expect(known?.word == .notAccepted)
        #expect(known?.refusal == "\(status.rawValue) (cache)")
    }

    // MARK: - What people read

    private static var readme: [String] {
        get throws {
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent()
            let url = root.appendingPathComponent("Services/OCPPGateway/README.md")
            return try String(contentsOf: url, encoding: .utf8).components(separatedBy: "\n")
        }
    }

    /// The rows of the table under that head, without the line below it.
    private static func table(_ head: String) throws -> [String] {
        let lines = try readme
        let start = try #require(lines.firstIndex(of: head))
        return lines.dropFirst(start + 2).prefix { $0.hasPrefix("|") }.map { $0 }
    }

    @Test func theREADMEPrintsTheTable() throws {
        let printed = try Self.table("| Connection | Identifier | Key | Decision |")
        let rows = Rules.table.map { row in
            let key = row.condition.map { "`\($0.key.rawValue)` \($0.value)" } ?? ""
            return "| \(row.connection.rawValue) | \(row.word.rawValue) | \(key) | \(row.decision.rawValue) |"
        }
        #expect(
            printed.map { $0.replacingOccurrences(of: "|  |", with: "| |") }
                == rows.map { $0.replacingOccurrences(of: "|  |", with: "| |") }
        )
    }

    @Test func theREADMENamesTheSourcesByPriority() throws {
        let sources = Rules.Source.allCases.map(\.rawValue).joined(separator: ", then the ")
        #expect(try Self.readme.contains { $0.contains("first the \(sources)") })
    }

    /// The figures in the README are those of the code.
    @Test func theREADMENamesTheLimitsOfTheCache() throws {
        let text = try Self.readme.joined(separator: " ")
        #expect(text.contains("\(RememberedIdentifiers.limit) identifiers"))
        #expect(text.contains("\(AuthorizationCache.saveAfter.wholeSeconds / 60) minutes"))
    }
}
