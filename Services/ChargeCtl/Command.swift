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
            forms: [Form(options: ["--filter=", "--json", "--count=", "--repeats"])],
            run: TapCommand.run
        ),
        Command(
            name: "state",
            arguments: "[TOPIC…]",
            about: "the newest value of every state",
            usage: Usage.state,
            forms: [Form(options: ["--json", "--value="])],
            run: StateCommand.run
        ),
        Command(
            name: "wait",
            arguments: "TOPIC CONDITION…",
            about: "until a state fits",
            usage: Usage.wait,
            forms: [Form()],
            run: WaitCommand.run
        ),
        Command(
            name: "config",
            arguments: "…",
            about: "get, set, unset, explain, history; check of charger.json",
            usage: Usage.config,
            forms: [
                Form(word: "get", options: ["--json"]),
                Form(word: "set", options: ["--reason="]),
                Form(word: "unset", options: ["--reason="]),
                Form(word: "explain"),
                Form(word: "history", options: ["--limit=", "--json"]),
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
            arguments: "chargectl|charger.json",
            about: nil,
            usage: Usage.manual,
            forms: [],
            run: ManualCommand.run
        ),
    ]

    private static let simulation: [Form] = [
        Form(word: "plug", options: ["--ready=", "--current=", "--battery=", "--connector="]),
        Form(word: "unplug", options: ["--connector="]),
        Form(word: "swipe", options: ["--reader="]),
        Form(word: "ev", options: ["--ready=", "--current=", "--battery=", "--connector="]),
        Form(word: "load", options: ["--connector="]),
        Form(word: "fault", options: ["--connector=", "--reader="]),
        Form(word: "clear", options: ["--connector=", "--reader="]),
        Form(word: "part", options: ["--connector="]),
        Form(word: "lock", options: ["--connector="], choices: ["jam", "free"]),
        Form(word: "meter", options: ["--connector="], choices: ["silence", "revive", "set"]),
        Form(word: "link", choices: ["cut", "mend"]),
        Form(word: "signal"),
        Form(word: "power-cut"),
    ]
}
