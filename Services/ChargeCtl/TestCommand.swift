internal import BusSchema
internal import JSON

/// `chargectl hw test`: moves one part of the charger, or reads it, and says what it did.
enum TestCommand {
    private static let reader = "reader"
    /// Longer than any test.
    private static let patience = Duration.seconds(8)

    /// What can be tested.
    static var parts: [String] { TestHardware.Part.known.map(\.rawValue) + [reader] }

    static func run(_ words: [String], _ session: Session) throws -> ExitStatus {
        var arguments = Arguments(words, usage: Usage.devices)
        let asJSON = arguments.flag("--json")
        let isLive = arguments.flag("--live")
        let connectorId = Int(try arguments.integer("--connector", in: 1...255) ?? 1)
        let readerId = Int(try arguments.integer("--reader", in: 1...255) ?? 1)
        let part = try arguments.next(parts.joined(separator: "|"))
        try arguments.end()
        guard parts.contains(part) else { throw UsageError("unknown: hw test \(part)", usage: Usage.devices) }
        if part == reader { return try testReader(readerId, asJSON, session) }
        let request = TestHardware(
            connectorId: connectorId,
            part: TestHardware.Part(rawValue: part),
            live: isLive ? true : nil
        )
        let reply = try session.ask(request, within: patience)
        if asJSON {
            Output.line(String(decoding: try JSON.encode(reply), as: UTF8.self))
        } else {
            for finding in reply.findings { Output.line(finding) }
            Output.line(reply.passed ? "passed" : "failed")
        }
        return reply.passed ? .done : .notWell
    }

    private static func testReader(_ readerId: Int, _ asJSON: Bool, _ session: Session) throws -> ExitStatus {
        let name = "\(DeviceState.type).reader-\(readerId)"
        let states = try session.gatherStates(of: session.runningServices(), topics: [name])
        guard let state = states.values.first(where: { $0.topic == name })?.payload else {
            throw Failure(status: .refused, message: "there is no reader \(readerId)")
        }
        guard state["condition"]?.asString == DeviceState.Condition.ok.rawValue else {
            Output.mistake(DevicesCommand.line(state))
            return .notWell
        }
        return try CardCommand.run(["show", "--reader", String(readerId)] + (asJSON ? ["--json"] : []), session)
    }
}
