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
        let word = try arguments.next("the command")
        switch word {
        case "--help", "-h":
            Output.line(Usage.overview)
            return .done
        case "--version":
            Output.line("chargectl \(SoftwareVersion.current)")
            return .done
        case _ where word.hasPrefix("-"): throw UsageError("unknown option \(word)", usage: Usage.overview)
        default: break
        }
        guard let command = Command.all.first(where: { $0.name == word }) else {
            let names = Command.all.filter { $0.about != nil }.map(\.name)
            let hint = NearestName.of(word, in: names).map { "; did you mean \"\($0)\"?" } ?? ""
            throw UsageError("unknown command \"\(word)\"\(hint)", usage: Usage.overview)
        }
        let words = arguments.words
        if words.contains("--help") || words.contains("-h") {
            Output.line(command.usage)
            return .done
        }
        return try command.run(words, try Session(directory: RuntimeDirectory(path: directory), timeout: timeout))
    }

    private static func environment(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }
}
