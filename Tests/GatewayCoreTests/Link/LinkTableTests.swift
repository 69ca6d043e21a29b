import BusSchema
import GatewayCore
import Glibc
import Testing

/// The README of the gateway says of `ocpp.link` what the schema has.
@Suite struct LinkTableTests {
    /// The first cells of the rows of the table below a line, without their heading.
    private func table(below line: String, column: Int) -> [String] {
        let root = String(#filePath.dropLast("Tests/GatewayCoreTests/Link/LinkTableTests.swift".count))
        guard let file = fopen(root + "Services/OCPPGateway/README.md", "r") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let rows = lines.drop { $0 != line }.dropFirst().drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }
        return rows.filter { !$0.hasPrefix("|---") }.map { String($0.split(separator: "|")[column]) }
    }

    /// What stands between backquotes.
    private func names(_ cell: String) -> [String] {
        cell.split(separator: "`", omittingEmptySubsequences: false).enumerated().compactMap {
            $0.offset.isMultiple(of: 2) ? nil : String($0.element)
        }
    }

    @Test func itsTableHasTheFieldsOfTheMessage() {
        let link = LinkState(phase: .accepted, url: "", since: 0, failedAttempts: 0)
        let fields = Mirror(reflecting: link).children.compactMap(\.label)
        #expect(table(below: "### What `ocpp.link` says", column: 0).flatMap(names).sorted() == fields.sorted())
    }

    @Test func itsTableOfStepsHasTheStepsThatProblemsName() {
        let problems: [LinkProblem] = [
            .nameNotResolved(""), .notConnected(""), .timedOut(.resolving), .timedOut(.connecting),
            .timedOut(.securing),
            .timedOut(.handshaking), .certificateRefused(""), .trustUnusable(""), .notSecured(""), .passwordMissing,
            .httpStatus(404), .protocolRefused, .handshakeInvalid(""), .callsUnanswered, .pingUnanswered,
            .closedByPeer(""), .uplinkDown,
        ]
        let steps = Set(problems.compactMap(\.failedStep))
        #expect(Set(table(below: "| A problem | `failedStep` |", column: 1).flatMap(names)) == steps)
        let meanings = table(below: "### What `ocpp.link` says", column: 1)
        let meaning = meanings.first { $0.hasPrefix(" the step of a dial") } ?? ""
        #expect(Set(names(meaning)).subtracting(["lastError"]) == steps)
    }
}
