internal import Bus
internal import Glibc
internal import Primitives

exit(Program.outcome(of: Array(CommandLine.arguments.dropFirst())).rawValue)

enum Program {
    /// Runs the command; what went wrong is said on stderr.
    static func outcome(of words: [String]) -> ExitStatus {
        do {
            return try run(words)
        } catch let error as UsageError {
            Output.complaint("\(error.problem)\n\(error.usage)")
            return .usage
        } catch let failure as Failure {
            Output.complaint(failure.message)
            return failure.status
        } catch {
            Output.complaint("\(error)")
            return .refused
        }
    }

    private static func run(_ words: [String]) throws -> ExitStatus {
        var arguments = Arguments(words, usage: Usage.overview)
        // These two may stand before the command or behind it.
        let directory =
            try arguments.options("--runtime-dir").last ?? environment("RUNTIME_DIRECTORY") ?? "/run/charger"
        var timeout: Duration?
        while let seconds = try arguments.integer("--timeout", in: 1...86_400) { timeout = .seconds(seconds) }
        switch try arguments.next("the command") {
        case "--help", "-h": Output.line(Usage.overview)
        case "--version": Output.line("chargectl \(SoftwareVersion.current)")
        case let option where option.hasPrefix("-"):
            throw UsageError("unknown option \(option)", usage: Usage.overview)
        case let command:
            let session = try Session(directory: RuntimeDirectory(path: directory), timeout: timeout)
            return try run(command, arguments.words, session)
        }
        return .done
    }

    private static func run(_ command: String, _ words: [String], _ session: Session) throws -> ExitStatus {
        let commands: [String: (usage: String, run: ([String], Session) throws -> ExitStatus)] = [
            "status": (Usage.status, StatusCommand.run),
            "tap": (Usage.tap, TapCommand.run),
            "state": (Usage.state, StateCommand.run),
            "wait": (Usage.wait, WaitCommand.run),
            "config": (Usage.config, ConfigCommand.run),
            "tx": (Usage.transactions, TransactionCommand.run),
            "queue": (Usage.queue, QueueCommand.run),
            "call": (Usage.call, CallCommand.run),
            "sim": (Usage.sim, SimCommand.run),
        ]
        guard let (usage, run) = commands[command] else {
            throw UsageError("unknown command \"\(command)\"", usage: Usage.overview)
        }
        if words.contains("--help") || words.contains("-h") {
            Output.line(usage)
            return .done
        }
        return try run(words, session)
    }

    private static func environment(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }
}
