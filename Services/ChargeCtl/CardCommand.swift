internal import BusSchema
internal import EventLoop
internal import JSON
internal import Primitives

/// `chargectl card show`: what a card would be called under each setting of its reader.
enum CardCommand {
    /// How long a card is waited for, unless `--timeout` says otherwise.
    private static let patience = Duration.seconds(30)
    /// Between two questions.
    private static let interval = Duration.milliseconds(300)

    static func run(_ words: [String], _ session: Session) throws -> ExitStatus {
        var arguments = Arguments(words, usage: Usage.card)
        let asJSON = arguments.flag("--json")
        let reader = Int(try arguments.integer("--reader", in: 1...255) ?? 1)
        switch try arguments.next("show") {
        case "show": break
        case let word: throw UsageError("unknown: card \(word)", usage: Usage.card)
        }
        try arguments.end()
        let reply = try wait(reader, session)
        if asJSON {
            Output.line(String(decoding: try JSON.encode(reply), as: UTF8.self))
        } else {
            write(reply)
        }
        return .done
    }

    private static func wait(_ reader: Int, _ session: Session) throws -> ShowCard.Reply {
        let end = EventLoop.uptime() + (session.timeout ?? patience)
        var isTold = false
        while true {
            let reply = try session.ask(ShowCard(readerId: reader))
            if reply.idTag != nil || reply.refusal != nil { return reply }
            guard EventLoop.uptime() < end else {
                throw Failure(status: .noAnswer, message: "no card came to reader \(reader)")
            }
            if !isTold { Output.mistake("hold a card to reader \(reader)") }
            isTold = true
            try session.pause(interval)
        }
    }

    private static func write(_ reply: ShowCard.Reply) {
        if let idTag = reply.idTag { Output.line("idTag now  \(idTag)") }
        if let refusal = reply.refusal { Output.line("no idTag now: \(refusal)") }
        let width = reply.renderings.map(\.settings.count).max() ?? 0
        for rendering in reply.renderings {
            let padding = String(repeating: " ", count: width - rendering.settings.count)
            Output.line("  \(rendering.settings)\(padding)  \(rendering.idTag)")
        }
        if reply.renderings.isEmpty, reply.idTag != nil { Output.line("  printed by the reader itself") }
    }
}
