internal import BusSchema
internal import Glibc
internal import JSON
internal import Primitives
internal import ServiceHost
internal import SiteConfiguration

/// `chargectl report`: everything that somebody far away needs to understand a charger, in one archive without secrets.
enum ReportCommand {
    static func run(_ words: [String], _ session: Session) throws -> ExitStatus {
        var arguments = Arguments(words, usage: Usage.report)
        let now = session.now
        let output = try arguments.option("--output") ?? "charger-report-\(fileStamp(now)).tar"
        let path = try arguments.option("--config") ?? SiteValues.usualPath
        try arguments.end()
        var report = Report(session, site: path)
        let archive = report.archive(at: now)
        try write(archive, to: output)
        for gap in report.gaps { Output.complaint("not in the report: \(gap)") }
        Output.line(output)
        return .done
    }

    /// `2026-11-28T13-24-22Z`: a name that every file system takes.
    private static func fileStamp(_ time: Timestamp) -> String {
        String(time.description.prefix(19).map { $0 == ":" ? "-" : $0 }) + "Z"
    }

    /// A new file that only this user can read: nobody else's is written over, and no link is followed.
    private static func write(_ bytes: [UInt8], to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw refusal(path) }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else {
                let refusal = refusal(path)
                // Half an archive is none, and the next try is to find the name free.
                unlink(path)
                throw refusal
            }
            rest = rest.dropFirst(max(count, 0))
        }
    }

    private static func refusal(_ path: String) -> Failure {
        let reason = unsafe String(cString: strerror(errno))
        return Failure(status: .refused, message: "\(path) cannot be written: \(reason); name another with --output")
    }
}

/// What is gathered, file by file. What cannot be had is named instead: a report is wanted of a charger that is not well.
private struct Report {
    private static let mostRecords = 1000
    private static let mostJournalBytes = 512 * 1024

    private let session: Session
    private let site: String
    private let document: JSONValue?
    private let redaction: Redaction
    private var files: [(name: String, content: [UInt8])] = []
    private(set) var gaps: [String] = []

    init(_ session: Session, site: String) {
        self.session = session
        self.site = site
        document = (try? SiteFile(path: site))?.content
        redaction = Redaction(document)
    }

    mutating func archive(at time: Timestamp) -> [UInt8] {
        addSite()
        addStates()
        addAnswers()
        for service in ServiceName.daemons {
            addTraffic(of: service)
            addJournal(of: service)
        }
        var archive = TarArchive()
        let seconds = time.millisecondsSinceEpoch / 1000
        archive.add("README.txt", Array(overview(time).utf8), at: seconds)
        for file in files { archive.add(file.name, file.content, at: seconds) }
        return archive.bytes
    }

    private func overview(_ time: Timestamp) -> String {
        let list = files.map { "  \($0.name)\n" }.joined()
        let missing = gaps.isEmpty ? "  nothing\n" : gaps.map { "  \($0)\n" }.joined()
        return """
            Support report of a charger, made \(time) by chargectl \(SoftwareVersion.current), which is of bus schema \(BusRegistry.schemaVersion).
            Secrets are replaced by ***. Identifiers of cards are in it.

            \(list)
            Missing:
            \(missing)
            """
    }

    // MARK: - Files

    private mutating func add(_ name: String, _ value: JSONValue) {
        files.append((name, JSON.write(redaction.clean(value), pretty: true) + [0x0A]))
    }

    private mutating func addLines(_ name: String, _ values: [JSONValue]) {
        files.append((name, Array(values.flatMap { JSON.write(redaction.clean($0)) + [0x0A] })))
    }

    /// Adds what `make` gives, or says why it is not there.
    private mutating func attempt(_ name: String, _ make: () throws -> JSONValue) {
        do {
            add(name, try make())
        } catch let failure as Failure {
            gaps.append("\(name): \(redaction.clean(failure.message))")
        } catch {
            gaps.append("\(name): \(redaction.clean("\(error)"))")
        }
    }

    private mutating func addSite() {
        if let document { add("charger.json", document) }
        do throws(SiteFileError) {
            let lines = SiteCommand.mistakes(in: try SiteFile(path: site)).map { "\($0)\n" }.joined()
            files.append(("charger.json-mistakes.txt", Array(redaction.cleanLines(lines).utf8)))
        } catch {
            gaps.append("charger.json: \(redaction.clean("\(error)"))")
        }
    }

    private mutating func addStates() {
        do {
            let running = session.runningServices()
            let states = try session.gatherStates(of: running)
            let overview = Overview(
                states: states,
                running: running,
                directory: session.directory,
                hearing: session.hearing
            )
            let text = overview.lines.joined(separator: "\n") + "\n"
            files.append(("status.txt", Array(redaction.cleanLines(text).utf8)))
            let sorted = states.values.sorted { $0.topic < $1.topic }
            let (services, others) = (
                sorted.filter { $0.topic.hasPrefix("service.") }, sorted.filter { !$0.topic.hasPrefix("service.") }
            )
            add("services.json", .array(services.map(\.line.json)))
            add("states.json", .array(others.map(\.line.json)))
        } catch let failure as Failure {
            gaps.append("states: \(failure.message)")
        } catch {
            gaps.append("states: \(error)")
        }
    }

    private mutating func addAnswers() {
        let session = session
        attempt("settings.json") { try Self.tree(session.ask(ConfigGet(keys: []))) }
        attempt("history.json") { try Self.tree(session.ask(ConfigHistory(key: nil, limit: 500))) }
        attempt("dead-letters.json") { try Self.records(.deadLetter, session) }
        attempt("waiting.json") { try Self.records(.waiting, session) }
    }

    /// The first of them, because a queue may be longer than anybody reads.
    private static func records(_ state: MessageRecord.State, _ session: Session) throws -> JSONValue {
        var records: [JSONValue] = []
        var request = ReadRecords(state: state)
        while records.count < mostRecords {
            let page = try session.ask(request)
            records += try page.records.map { try tree($0) }
            guard let next = page.next, next > request.after ?? -1 else { break }
            request.after = next
        }
        return .array(records)
    }

    private mutating func addTraffic(of service: ServiceName) {
        let name = "traffic-\(service).jsonl"
        do {
            let reply = try session.ask(ServiceTraffic(), of: service)
            addLines(name, try reply.messages.map { try Self.tree($0) })
        } catch let failure as Failure {
            gaps.append("\(name): \(failure.message)")
        } catch {
            gaps.append("\(name): \(error)")
        }
    }

    private mutating func addJournal(of service: ServiceName) {
        let name = "journal-\(service).txt"
        let words = ["journalctl", "-u", "\(service)", "-n", "5000", "--no-pager", "-o", "short-iso-precise"]
        guard let journal = ProgramOutput(of: words, limit: Self.mostJournalBytes, patience: .seconds(10)) else {
            gaps.append("\(name): there is no journalctl here")
            return
        }
        // What it says on the way may be that files are damaged or that there are none: an empty journal would look the same.
        let complaint = String(decoding: journal.complaint, as: UTF8.self).split(whereSeparator: \.isNewline)
            .joined(separator: "; ")
        if journal.status != 0 {
            let end = journal.status.map { "ended with \($0)" } ?? "was ended before it was through"
            gaps.append("\(name): journalctl \(end)\(complaint.isEmpty ? "" : ": \(redaction.clean(complaint))")")
        } else if !complaint.isEmpty {
            gaps.append("\(name): journalctl says \(redaction.clean(complaint))")
        } else if journal.output.isEmpty {
            gaps.append("\(name): nothing that this user may read, which takes the group systemd-journal")
        }
        files.append((name, Array(redaction.cleanLines(String(decoding: journal.output, as: UTF8.self)).utf8)))
    }

    private static func tree(_ value: some Encodable) throws -> JSONValue { try JSON.parse(JSON.encode(value)) }
}
