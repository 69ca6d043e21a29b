internal import BusSchema
internal import GatewaySite

/// A command of chargectl: the one table that runs it, and that the overview, the manual page and the completion are made of.
struct Command: Sendable {
    /// What may follow one of its words, or the command itself.
    struct Form: Sendable {
        /// The word behind the command; nil for the command alone.
        var word: String?
        /// Options that may follow; a value is expected behind those that end with `=`.
        var options: [String] = []
        /// Words that may follow.
        var choices: [String] = []
        /// Whether names of files may follow.
        var takesFile = false
    }

    let name: String
    /// How the overview names what follows it.
    let arguments: String
    /// For the overview; nil for what people do not call.
    let about: String?
    let usage: String
    let forms: [Form]
    let run: @Sendable ([String], Session) throws -> ExitStatus

    /// The words behind `chargectl` that may stand before the command or behind it.
    static let common = ["--runtime-dir=", "--timeout=", "--help"]

    static let all: [Command] = [
        Command(
            name: "status",
            arguments: "",
            about: "what is running and what is going on, in words",
            usage: Usage.status,
            forms: [Form(options: ["--json"])],
            run: StatusCommand.run
        ),
        Command(
            name: "tap",
            arguments: "",
            about: "every message on the bus as it passes, one line each",
            usage: Usage.tap,
            forms: [Form(options: ["--filter=", "--json", "--wide", "--count=", "--repeats"])],
            run: TapCommand.run
        ),
        Command(
            name: "state",
            arguments: "[TOPIC…]",
            about: "the newest value of every state",
            usage: Usage.state,
            forms: [Form(options: ["--json", "--value="], choices: topics)],
            run: StateCommand.run
        ),
        Command(
            name: "hw",
            arguments: "[test …]",
            about: "the devices of the charger, and how well each answers; tests of single ones",
            usage: Usage.devices,
            forms: [
                Form(options: ["--json"]),
                Form(
                    word: "test",
                    options: ["--connector=", "--reader=", "--live", "--json"],
                    choices: TestCommand.parts
                ),
            ],
            run: DevicesCommand.run
        ),
        Command(
            name: "wait",
            arguments: "TOPIC CONDITION…",
            about: "until a state fits",
            usage: Usage.wait,
            forms: [Form(choices: topics)],
            run: WaitCommand.run
        ),
        Command(
            name: "config",
            arguments: "…",
            about: "get, set, unset, explain, history; check of charger.json",
            usage: Usage.config,
            forms: [
                Form(word: "get", options: ["--json", "--config="], choices: OCPPSection.keyNames),
                Form(word: "set", options: ["--reason="], choices: OCPPSection.keyNames),
                Form(word: "unset", options: ["--reason="], choices: OCPPSection.keyNames),
                Form(word: "explain", choices: OCPPSection.keyNames),
                Form(word: "history", options: ["--limit=", "--json"], choices: OCPPSection.keyNames),
                Form(word: "check", takesFile: true),
                Form(word: "schema"),
            ],
            run: ConfigCommand.run
        ),
        Command(
            name: "tx",
            arguments: "list|show|resend",
            about: "transactions on disk, and what became of their messages",
            usage: Usage.transactions,
            forms: [
                Form(word: "list", options: ["--json"]),
                Form(word: "show", options: ["--json"]),
                Form(word: "resend", options: ["--all"]),
            ],
            run: TransactionCommand.run
        ),
        Command(
            name: "queue",
            arguments: "",
            about: "messages that wait, and dead letters",
            usage: Usage.queue,
            forms: [Form(options: ["--dead", "--json"])],
            run: QueueCommand.run
        ),
        Command(
            name: "card",
            arguments: "show",
            about: "what a card is called under each setting of its reader",
            usage: Usage.card,
            forms: [Form(word: "show", options: ["--reader=", "--json"])],
            run: CardCommand.run
        ),
        Command(
            name: "net",
            arguments: "status|history|test",
            about: "how the charger reaches the network, and why it did not",
            usage: Usage.net,
            forms: [
                Form(word: "status", options: ["--json"]),
                Form(word: "history", options: ["--limit=", "--json"]),
                Form(word: "test", options: ["--json"]),
            ],
            run: NetCommand.run
        ),
        Command(
            name: "call",
            arguments: "TYPE [JSON]",
            about: "any request, with its typed reply",
            usage: Usage.call,
            forms: [Form(options: ["--json", "--service="], choices: CallCommand.types)],
            run: CallCommand.run
        ),
        Command(
            name: "sim",
            arguments: "…",
            about: "move the simulated car, card, cable, meter, link; provoke faults",
            usage: Usage.sim,
            forms: simulation,
            run: SimCommand.run
        ),
        Command(
            name: "scan-meter",
            arguments: "PORT",
            about: "who answers on a serial line of Modbus meters",
            usage: Usage.scanMeter,
            forms: [Form(options: ["--last-unit="], takesFile: true)],
            run: ScanMeterCommand.run
        ),
        Command(
            name: "report",
            arguments: "",
            about: "one archive for support, without secrets",
            usage: Usage.report,
            forms: [Form(options: ["--output=", "--config="])],
            run: ReportCommand.run
        ),
        Command(
            name: "completion",
            arguments: "SHELL",
            about: "what makes a shell complete these words",
            usage: Usage.completion,
            forms: Completion.shells.map { Form(word: $0) },
            run: CompletionCommand.run
        ),
        Command(
            name: "manual-page",
            arguments: "[PAGE]",
            about: "a page for man: chargectl, charger.json",
            usage: Usage.manual,
            forms: [Form(choices: ManualCommand.pages)],
            run: ManualCommand.run
        ),
    ]

    /// Of states, of the first device where there are several.
    static var topics: [String] {
        let numbered = [ConnectorState.type, MeterReading.type, ReaderState.type, ConnectorStatus.type]
        let named = [Announce.type, ServiceHealth.type]
        return BusRegistry.states.flatMap { state in
            let type = state.type
            if numbered.contains(type) { return ["\(type).1"] }
            if named.contains(type) { return ServiceName.daemons.map { "\(type).\($0)" } }
            return type == ConfigValues.type ? ["\(type).\(ServiceName.ocppGateway)"] : [type]
        }
    }

    private static var faults: [String] { HardwareFaultCode.known.map(\.rawValue).sorted() }

    private static var parts: [String] { SimulateHardware.Part.known.map(\.rawValue).sorted() }

    private static let simulation: [Form] = [
        Form(word: "plug", options: ["--ready=", "--current=", "--battery=", "--connector="]),
        Form(word: "unplug", options: ["--connector="]),
        Form(word: "swipe", options: ["--reader="]),
        Form(word: "ev", options: ["--ready=", "--current=", "--battery=", "--connector="]),
        Form(word: "load", options: ["--connector="]),
        Form(word: "fault", options: ["--connector=", "--reader="], choices: faults),
        Form(word: "clear", options: ["--connector=", "--reader="], choices: faults),
        Form(word: "part", options: ["--connector="], choices: parts),
        Form(word: "lock", options: ["--connector="], choices: ["jam", "free"]),
        Form(word: "meter", options: ["--connector="], choices: ["silence", "revive", "set"]),
        Form(word: "link", choices: ["cut", "mend"]),
        Form(word: "signal"),
        Form(word: "power-cut"),
    ]
}
