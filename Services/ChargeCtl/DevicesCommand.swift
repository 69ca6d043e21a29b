internal import BusSchema
internal import JSON
internal import Primitives

/// `chargectl hw`: the devices of the charger, and how well each answers.
enum DevicesCommand {
    static func run(_ words: [String], _ session: Session) throws -> ExitStatus {
        if words.first == "test" { return try TestCommand.run(Array(words.dropFirst()), session) }
        var arguments = Arguments(words, usage: Usage.devices)
        let asJSON = arguments.flag("--json")
        guard try arguments.rest().isEmpty else {
            throw Failure(status: .usage, message: "hw takes no words; see chargectl hw --help")
        }
        let running = session.runningServices()
        let states = try session.gatherStates(of: running, topics: [DeviceState.type])
        let devices = states.values.filter { $0.header.type == DeviceState.type }.sorted { $0.topic < $1.topic }
        guard !devices.isEmpty else {
            if let desertion = session.desertion { throw Failure(status: .serviceNotRunning, message: desertion) }
            guard states["\(Announce.type).\(ServiceName.hardwareIO)"] != nil else {
                throw session.unheard(.hardwareIO, running: running)
            }
            throw Failure(status: .noAnswer, message: "hardware-io says nothing of its devices")
        }
        if asJSON {
            Output.json(.array(devices.map(\.payload)))
        } else {
            for device in devices { Output.line(line(device.payload)) }
        }
        return devices.contains { isUnwell($0.payload) } ? .notWell : .done
    }

    /// One that is only starting has had no time to be well.
    private static func isUnwell(_ device: JSONValue) -> Bool {
        let condition = device["condition"]?.asString
        return condition == DeviceState.Condition.lost.rawValue || condition == DeviceState.Condition.degraded.rawValue
    }

    /// `meter-1            ok        modbus-rtu   exchanges 1200, timeouts 4`.
    static func line(_ device: JSONValue) -> String {
        var text = padded(device["name"]?.asString ?? "?", to: 20)
        text += " " + padded(device["condition"]?.asString ?? "?", to: 9)
        text += " " + padded(device["driver"]?.asString ?? "?", to: 12)
        let counters = (device["counters"]?.asArray ?? []).map { counter in
            "\(counter["name"]?.asString ?? "?") \(counter["count"]?.asNumber?.text ?? "?")"
        }
        let remarks = [
            device["detail"]?.asString, device["remark"]?.asString,
            counters.isEmpty ? nil : counters.joined(separator: ", "),
        ]
        return text + " " + remarks.compactMap(\.self).joined(separator: "; ")
    }
}
