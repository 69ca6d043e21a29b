internal import Bus
internal import BusCodec
internal import BusSchema
internal import EventLoop
internal import JSON
internal import Primitives

/// `chargectl state`: the newest value of every state.
enum StateCommand {
    static func run(_ words: [String], _ session: Session) throws -> ExitStatus {
        var arguments = Arguments(words, usage: Usage.state)
        let asJSON = arguments.flag("--json")
        let field = try arguments.option("--value")
        let topics = try arguments.rest()
        let beginnings = topics.isEmpty || topics.count > 16 ? [""] : topics.map(beginning(of:))
        let states = try session.gatherStates(of: session.runningServices(), topics: beginnings)
        guard !states.isEmpty else {
            let problem = session.desertion ?? "no service in \(session.directory.path) says anything"
            throw Failure(status: .serviceNotRunning, message: problem)
        }
        let chosen = states.values.filter { state in topics.isEmpty || topics.contains { state.topic.hasPrefix($0) } }
            .sorted { $0.topic < $1.topic }
        guard !chosen.isEmpty else {
            // Asked for again without the words, to say what there is instead.
            let all = try session.gatherStates(of: session.runningServices())
            let known = all.keys.sorted().joined(separator: " ")
            throw Failure(
                status: .refused,
                message: "no state begins with \(topics.joined(separator: " or ")); there are: \(known)"
            )
        }
        if let field {
            try values(of: field, in: chosen.map(\.payload)).forEach(Output.line)
        } else if asJSON {
            Output.json(.array(chosen.map(\.line.json)))
        } else {
            for state in chosen { Output.line(state.line.text) }
        }
        return .done
    }

    /// That field of each payload that has it: what is optional is absent from some.
    static func values(of field: String, in payloads: [JSONValue]) throws(Failure) -> [String] {
        let values = payloads.compactMap { Condition.found(field, in: $0).map(Condition.text) }
        guard values.isEmpty else { return values }
        let known = Set(payloads.flatMap { $0.asObject?.members.map(\.key) ?? [] }).sorted().joined(separator: " ")
        throw Failure(status: .refused, message: "there is no \"\(field)\" now; there are: \(known)")
    }
}

/// `chargectl wait`: until a state fits.
enum WaitCommand {
    static func run(_ words: [String], _ session: Session) throws -> ExitStatus {
        var arguments = Arguments(words, usage: Usage.wait)
        let patience = session.timeout ?? .seconds(60)
        let topic = try arguments.next("the topic")
        var conditions: [Condition] = []
        for word in try arguments.rest() { conditions.append(try Condition(word)) }

        try session.requireHearing()
        var last: TapLine?
        var holds = false
        var toldOf: Set<String> = []
        let loop = session.loop
        let tap = try BusTap(directory: session.directory, loop: loop, topics: [topic]) { message in
            guard message.topic == topic, let header = message.header,
                let payload = try? JSON.parse(message.frames.payload)  // no state of ours
            else { return }
            last = TapLine(header: header, topic: topic, payload: payload)
            guard conditions.allSatisfy({ $0.holds(for: payload) }) else {
                // Not refused: what is optional may come later.
                for condition in conditions where toldOf.insert(condition.field).inserted {
                    if let remark = condition.remark(on: payload, topic: topic) { Output.complaint(remark) }
                }
                return
            }
            holds = true
            loop.stop()
        }
        defer { tap.close() }
        // Not refused: a script that has just started the services waits for them as well.
        if let desertion = session.desertion {
            Output.complaint("\(desertion); waits \(patience.wholeSeconds) s for one")
        }
        let end = EventLoop.uptime() + patience
        let source = loop.addDeadlineSource(
            next: { Deadline(at: end, for: "the wait is over") },
            fire: { _ in loop.stop() }
        )
        defer { loop.removeDeadlineSource(source) }
        try loop.run()
        guard holds, let last else {
            if last == nil, let desertion = session.desertion {
                throw Failure(status: .serviceNotRunning, message: desertion)
            }
            let seen = last.map { "last seen: \($0.text)" } ?? "nothing was seen of it"
            throw Failure(status: .noAnswer, message: "\(topic) did not fit within \(patience.wholeSeconds) s; \(seen)")
        }
        Output.line(last.text)
        return .done
    }
}
