public import BusSchema
internal import Log
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
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            let name = parts.first ?? ""
            switch name {
            case "--help", "-h": return .show(help(service, about))
            case "--version": return .show("\(service) \(SoftwareVersion.current)\n")
            case "--runtime-dir", "--state-dir", "--config", "--log-level":
                guard let value = parts.count == 2 ? parts[1] : rest.popFirst(), !value.isEmpty else {
                    return .refuse("\(service): \(name) needs a value; see \(service) --help")
                }
                values[name] = value
            default:
                let kind = argument.hasPrefix("-") ? "unknown option" : "unexpected argument"
                return .refuse("\(service): \(kind) \(argument); see \(service) --help")
            }
        }
        return resolve(values, environment, service)
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

    private static func help(_ service: ServiceName, _ about: String) -> String {
        """
        \(service) - \(about)

        Usage: \(service) [options]

          --runtime-dir DIR  where the services of one charger meet (default: $RUNTIME_DIRECTORY or /run/charger)
          --state-dir DIR    what must survive is kept here (default: $STATE_DIRECTORY or /var/lib/charger/\(service))
          --config FILE      settings of the site (default: $CHARGER_CONFIG or /etc/charger/charger.json)
          --log-level LEVEL  fault, error, warning, notice, info or debug (default: $CHARGER_LOG_LEVEL or notice)
          --version          print the version
          --help             print this

        SIGTERM ends it cleanly; SIGKILL loses nothing. Start order does not matter. Several chargers run side by side with
        different directories. Exit status: 0 ended as asked, 2 wrong usage, 78 wrong settings, 1 anything else.

        """
    }
}
