import BusSchema

/// `chargectl sim …` turned into the request that it means.
enum SimCommand: Equatable {
    case hardware(SimulateHardware)
    case uplink(SimulateUplink)
    case powerCut

    static func parse(_ words: [String]) throws(UsageError) -> SimCommand {
        var arguments = Arguments(words, usage: Usage.sim)
        let connector = Int(try arguments.integer("--connector", in: 1...255) ?? 1)
        let reader = Int(try arguments.integer("--reader", in: 1...255) ?? 1)
        let action = try arguments.next("the action")
        let command = try command(action, connector, reader, &arguments)
        try arguments.end()
        return command
    }

    private static func command(
        _ action: String,
        _ connector: Int,
        _ reader: Int,
        _ arguments: inout Arguments
    ) throws(UsageError) -> SimCommand {
        switch action {
        case "plug": return .hardware(try car(.plug, connector, &arguments))
        case "ev": return .hardware(try car(.ev, connector, &arguments))
        case "unplug": return .hardware(SimulateHardware(action: .unplug, connectorId: connector))
        case "swipe":
            return .hardware(
                SimulateHardware(action: .swipe, readerId: reader, idTag: try arguments.next("the card's UID"))
            )
        case "load":
            let milliamps = try milliamps(arguments.next("the current in A"))
            return .hardware(SimulateHardware(action: .load, connectorId: connector, currentMilliamps: milliamps))
        case "fault", "clear":
            let code = HardwareFaultCode(rawValue: try arguments.next("the error code"))
            let atReader = code == .readerFailure
            return .hardware(
                SimulateHardware(
                    action: action == "fault" ? .fault : .clear,
                    connectorId: atReader ? nil : connector,
                    readerId: atReader ? reader : nil,
                    fault: code
                )
            )
        case "lock":
            let jammed = try choice(arguments.next("jam or free"), "jam", "free")
            return .hardware(SimulateHardware(action: .lock, connectorId: connector, on: jammed))
        case "part":
            let part = SimulateHardware.Part(rawValue: try arguments.next("the part"))
            let isBroken = try choice(arguments.next("break or mend"), "break", "mend")
            return .hardware(SimulateHardware(action: .part, connectorId: connector, on: isBroken, part: part))
        case "meter": return .hardware(try meter(connector, &arguments))
        case "link":
            let cut = try choice(arguments.next("cut or mend"), "cut", "mend")
            return .uplink(SimulateUplink(name: arguments.next(), up: !cut))
        case "signal":
            let text = try arguments.next("the signal in percent")
            guard let percent = Int(text), (0...100).contains(percent) else {
                throw UsageError("a signal is 0…100 %, found \"\(text)\"", usage: Usage.sim)
            }
            return .uplink(SimulateUplink(name: arguments.next(), signalPercent: percent))
        case "power-cut": return .powerCut
        default: throw UsageError("unknown action \"\(action)\"", usage: Usage.sim)
        }
    }

    private static func car(
        _ action: SimulateHardware.Action,
        _ connector: Int,
        _ arguments: inout Arguments
    ) throws(UsageError) -> SimulateHardware {
        let ready = try arguments.onOff("--ready")
        let battery = try arguments.integer("--battery", in: 0...1_000_000)
        var current: Int?
        if let text = try arguments.option("--current") { current = try milliamps(text) }
        return SimulateHardware(
            action: action,
            connectorId: connector,
            ready: ready,
            currentMilliamps: current,
            batteryWh: battery
        )
    }

    private static func meter(_ connector: Int, _ arguments: inout Arguments) throws(UsageError) -> SimulateHardware {
        switch try arguments.next("silence, revive or set") {
        case "silence": return SimulateHardware(action: .meter, connectorId: connector, on: false)
        case "revive": return SimulateHardware(action: .meter, connectorId: connector, on: true)
        case "set":
            let text = try arguments.next("the register in Wh")
            guard let register = Int64(text), register >= 0 else {
                throw UsageError("the register is a whole number of Wh, found \"\(text)\"", usage: Usage.sim)
            }
            return SimulateHardware(action: .meter, connectorId: connector, energyWh: register)
        case let word: throw UsageError("meter expects silence, revive or set, found \"\(word)\"", usage: Usage.sim)
        }
    }

    private static func choice(_ word: String, _ yes: String, _ no: String) throws(UsageError) -> Bool {
        if word == yes { return true }
        if word == no { return false }
        throw UsageError("expected \(yes) or \(no), found \"\(word)\"", usage: Usage.sim)
    }

    /// Amperes with up to three decimals.
    private static func milliamps(_ text: String) throws(UsageError) -> Int {
        guard let amps = Double(text), (0...1000).contains(amps) else {
            throw UsageError("a current is 0…1000 A, found \"\(text)\"", usage: Usage.sim)
        }
        return Int((amps * 1000).rounded())
    }
}
