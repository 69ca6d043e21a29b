public import BusSchema
internal import Log
internal import ManualPage
public import Primitives

/// What a daemon is told on its command line and in its environment. The command line wins.
public struct ServiceOptions: Equatable, Sendable {
    /// Where the services of one charger meet.
    public var runtimeDirectory: String
    /// Where this service keeps what must survive.
    public var stateDirectory: String
    /// The site's file.
    public var configurationPath: String
    /// Records less urgent than this are not logged.
    public var logLevel: LogRecord.Level

    public init(
        runtimeDirectory: String,
        stateDirectory: String,
        configurationPath: String,
        logLevel: LogRecord.Level
    ) {
        self.runtimeDirectory = runtimeDirectory
        self.stateDirectory = stateDirectory
        self.configurationPath = configurationPath
        self.logLevel = logLevel
    }

    /// What the command line asks for.
    public enum Demand: Equatable, Sendable {
        case run(ServiceOptions)
        /// Only look whether the site's file is right.
        case check(ServiceOptions)
        /// Print this and end with success.
        case show(String)
        /// Print this one line and end with the status of wrong usage.
        case refuse(String)
    }

    /// Reads the arguments, without the program's name.
    /// - Parameters:
    ///   - arguments: Each option as `--name value` or `--name=value`.
    ///   - environment: As systemd sets it: `RUNTIME_DIRECTORY`, `STATE_DIRECTORY`; also `CHARGER_CONFIG`, `CHARGER_LOG_LEVEL`.
    ///   - service: For the defaults.
    ///   - about: One sentence for `--help`.
    /// - Returns: What to do.
    public static func read(
        _ arguments: [String],
        environment: [String: String],
        service: ServiceName,
        about: String
    ) -> Demand {
        var values: [String: String] = [:]
        var checks = false
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            let name = parts.first ?? ""
            switch name {
            case "--help", "-h": return .show(help(service, about))
            case "--version": return .show("\(service) \(SoftwareVersion.current)\n")
            // For whoever packs the program; not in --help.
            case "--manual-page": return .show(manual(service, about).troff)
            case "--check-config" where parts.count == 1: checks = true
            case _ where options(of: service).contains { $0.name == name && $0.value != nil }:
                guard let value = parts.count == 2 ? parts[1] : rest.popFirst(), !value.isEmpty else {
                    return .refuse("\(service): \(name) needs a value; see \(service) --help")
                }
                values[name] = value
            default:
                let kind = argument.hasPrefix("-") ? "unknown option" : "unexpected argument"
                return .refuse("\(service): \(kind) \(argument); see \(service) --help")
            }
        }
        let demand = resolve(values, environment, service)
        if checks, case .run(let options) = demand { return .check(options) }
        return demand
    }

    private static func resolve(
        _ values: [String: String],
        _ environment: [String: String],
        _ service: ServiceName
    ) -> Demand {
        // systemd separates several directories by colons; the first is the one of the unit file.
        func directory(_ variable: String) -> String? {
            environment[variable]?.split(separator: ":").first.map(String.init)
        }
        let word = values["--log-level"] ?? environment["CHARGER_LOG_LEVEL"] ?? LogRecord.Level.notice.word
        guard let level = LogRecord.Level(word: word) else {
            let words = LogRecord.Level.allCases.map(\.word).joined(separator: ", ")
            return .refuse("\(service): unknown log level \(word); expected one of \(words)")
        }
        return .run(
            ServiceOptions(
                runtimeDirectory: values["--runtime-dir"] ?? directory("RUNTIME_DIRECTORY") ?? "/run/charger",
                stateDirectory: values["--state-dir"] ?? directory("STATE_DIRECTORY") ?? "/var/lib/charger/\(service)",
                configurationPath: values["--config"] ?? environment["CHARGER_CONFIG"] ?? "/etc/charger/charger.json",
                logLevel: level
            )
        )
    }

    /// Every option, in the order in which they are told.
    static func options(of service: ServiceName) -> [ProgramOption] {
        [
            ProgramOption(
                "--runtime-dir",
                "DIR",
                "where the services of one charger meet (default: $RUNTIME_DIRECTORY or /run/charger)"
            ),
            ProgramOption(
                "--state-dir",
                "DIR",
                "what must survive is kept here (default: $STATE_DIRECTORY or /var/lib/charger/\(service))"
            ),
            ProgramOption(
                "--config",
                "FILE",
                "settings of the site (default: $CHARGER_CONFIG or /etc/charger/charger.json)"
            ),
            ProgramOption(
                "--log-level",
                "LEVEL",
                "fault, error, warning, notice, info or debug (default: $CHARGER_LOG_LEVEL or notice)"
            ),
            ProgramOption("--check-config", nil, "say all that is wrong in the settings of the site, and end"),
            ProgramOption("--version", nil, "print the version"),
            ProgramOption("--help", nil, "print this"),
        ]
    }

    private static let statuses = [
        ("0", "ended as asked"), ("2", "wrong usage"), ("78", "wrong settings"), ("1", "anything else"),
    ]

    private static func help(_ service: ServiceName, _ about: String) -> String {
        """
        \(service) - \(about)

        Usage: \(service) [options]

        \(ProgramOption.help(options(of: service)))
        SIGTERM ends it cleanly; SIGKILL loses nothing. Start order does not matter. Several chargers run side by side with
        different directories. Exit status: \(statuses.map { "\($0.0) \($0.1)" }.joined(separator: ", ")).

        """
    }

    private static func manual(_ service: ServiceName, _ about: String) -> ManualPage {
        ManualPage(
            name: service.rawValue,
            number: 8,
            version: SoftwareVersion.current,
            about: about,
            sections: [
                .init("SYNOPSIS", [.paragraph("\(service) [options]")]),
                .init(
                    "DESCRIPTION",
                    [
                        .paragraph(
                            "One of the services of a charger, which meet in a runtime directory and may be started, stopped and upgraded each alone, "
                                + "in any order. SIGTERM ends it cleanly; SIGKILL loses nothing. Several chargers run side by side with different "
                                + "directories. A log line on standard error begins with its urgency as journald reads it."
                        )
                    ]
                ),
                .init("OPTIONS", options(of: service).map { .term($0.words, "\($0.about).") }),
                .init("EXIT STATUS", statuses.map { .term($0.0, "\($0.1).") }),
                .init(
                    "ENVIRONMENT",
                    [
                        .term(
                            "RUNTIME_DIRECTORY, STATE_DIRECTORY",
                            "As systemd sets them for a unit; of several the first."
                        ),
                        .term("CHARGER_CONFIG, CHARGER_LOG_LEVEL", "As the options of these names."),
                        .term("NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID", "Readiness and watchdog of systemd."),
                    ]
                ),
                .init("SEE ALSO", [.paragraph("chargectl(1), charger.json(5)")]),
            ]
        )
    }
}
