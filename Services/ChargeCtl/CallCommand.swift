internal import BusSchema
internal import JSON

/// `chargectl call`: any request by its name.
enum CallCommand {
    /// Of every request there is.
    static var types: [String] { BusRegistry.requests.map { $0.type } }

    static func run(_ words: [String], _ session: Session) throws -> ExitStatus {
        var arguments = Arguments(words, usage: Usage.call)
        let asJSON = arguments.flag("--json")
        let service = try arguments.option("--service").map(ServiceName.init(rawValue:))
        guard let type = arguments.next() else {
            for request in BusRegistry.requests { Output.line("\(padded(request.type, to: 22)) \(request.server)") }
            return .done
        }
        let text = arguments.next() ?? "{}"
        try arguments.end()
        guard let request = BusRegistry.request(named: type) else {
            let known = types.joined(separator: " ")
            throw UsageError("there is no request \"\(type)\"; there are: \(known)", usage: Usage.call)
        }
        let payload: JSONValue
        do {
            payload = try JSON.parse(Array(text.utf8))
        } catch {
            throw UsageError("the payload is not JSON: \(error)", usage: Usage.call)
        }
        let reply = try session.ask(type: type, payload: JSON.write(payload), server: service ?? request.server)
        if asJSON {
            Output.json(reply)
        } else {
            Output.json(reply, pretty: true)
        }
        return .done
    }
}
