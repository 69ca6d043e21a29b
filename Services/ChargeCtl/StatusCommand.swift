/// `chargectl status`: what a technician asks first, in words.
enum StatusCommand {
    static func run(_ words: [String], _ session: Session) throws -> ExitStatus {
        var arguments = Arguments(words, usage: Usage.status)
        let asJSON = arguments.flag("--json")
        try arguments.end()
        let running = session.runningServices()
        let states = try session.gatherStates(of: running, topics: Overview.topics)
        let overview = Overview(
            states: states,
            running: running,
            directory: session.directory,
            hearing: session.hearing
        )
        if asJSON { Output.json(overview.json) } else { overview.lines.forEach { Output.line(singleLine($0)) } }
        return overview.isWell ? .done : .notWell
    }
}
