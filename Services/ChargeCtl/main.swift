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
        // Global options stand before the command; the rest belongs to it.
        let commandIndex = indexOfCommand(words)
        var global = Arguments(Array(words[..<commandIndex]), usage: Usage.overview)
        if global.flag("--help") || global.flag("-h") {
            Output.line(Usage.overview)
            return .done
        }
        if global.flag("--version") {
            Output.line("chargectl \(SoftwareVersion.current)")
            return .done
        }
        let directory = try global.option("--runtime-dir") ?? environment("RUNTIME_DIRECTORY") ?? "/run/charger"
        let timeout = try global.integer("--timeout", in: 1...86_400)
        try global.end()
        guard commandIndex < words.count else { throw UsageError("the command is missing", usage: Usage.overview) }
        let session = try Session(
            directory: RuntimeDirectory(path: directory),
            timeout: timeout.map { .seconds($0) }
        )
        let rest = Array(words[(commandIndex + 1)...])
        return try run(words[commandIndex], rest, session)
    }

    private static func run(_ command: String, _ words: [String], _ session: Session) throws -> ExitStatus {
        let commands: [String: (usage: String, run: ([String], Session) throws -> ExitStatus)] = [
            "status": (Usage.status, StatusCommand.run),
            "tap": (Usage.tap, TapCommand.run),
            "state": (Usage.state, StateCommand.run),
            "wait": (Usage.wait, WaitCommand.run),
            "config": (Usage.config, ConfigCommand.run),
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

    /// The first word that is neither a global option nor its value.
    private static func indexOfCommand(_ words: [String]) -> Int {
        var index = 0
        while index < words.count, words[index].hasPrefix("-") {
            index += ["--runtime-dir", "--timeout"].contains(words[index]) ? 2 : 1
        }
        return min(index, words.count)
    }

    private static func environment(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }
}
