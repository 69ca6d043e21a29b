/// What a person or a test orders of the modem in words, a line each.
extension SimulatedModem {
    public static let help = """
        set KEY VALUE   manufacturer, model, slot; sim.{present,pin,tries,busy,broken,iccid,imsi}; net.{gone,refuses,foreign,
                        silent,search,data,dial,cause,code,name,rssi,rsrp,rsrq}; fault.{mute,cut,flood,tries}. "-" for none, 0 and 1 for no and yes,
                        net.search in milliseconds
        power MS        off for so long; the port is gone meanwhile
        hangup          the network ends the call
        unbear          the network takes the address back
        say TEXT        a line of its own accord
        state           registration, calls, commands
        commands        every command that it took
        pins            every PIN that it was given
        """

    /// - Parameters:
    ///   - order: One of `help`.
    ///   - time: Uptime.
    /// - Returns: What is answered, and what happens.
    public mutating func control(_ order: String, at time: Duration) -> (answer: String, effects: [Effect]) {
        let words = order.split(separator: " ", maxSplits: 2).map(String.init)
        switch (words.first, words.count) {
        case ("set", 3):
            guard set(words[1], words[2]) else { return ("unknown: \(words[1])", []) }
            if words[1].hasPrefix("net.search") || words[1].hasPrefix("sim.") { beginSearch(at: time) }
            return ("ok", touched(at: time))
        case ("power", 2): return ("ok", powerCycle(for: .milliseconds(Int(words[1]) ?? 1000), at: time))
        case ("hangup", 1): return ("ok", dropCall())
        case ("unbear", 1):
            dropBearer()
            return ("ok", [])
        case ("say", _): return ("ok", say(order.split(separator: " ", maxSplits: 1).dropFirst().joined()))
        case ("state", 1):
            return ("registration=\(registration) call=\(isInCall ? 1 : 0) plugged=\(isPlugged ? 1 : 0)", [])
        case ("commands", 1): return (commands.joined(separator: "\t"), [])
        case ("pins", 1): return (pinAttempts.map { "\($0.iccid):\($0.pin)" }.joined(separator: "\t"), [])
        default: return ("unknown: \(order)", [])
        }
    }

    private mutating func set(_ key: String, _ value: String) -> Bool {
        let number = Int(value) ?? 0
        let isOn = number != 0
        switch key {
        case "manufacturer": identity.manufacturer = value
        case "model": identity.model = value
        case "slot": slot = number
        case "sim.present": sim = isOn ? sim ?? SimulatedSIM() : nil
        case "sim.pin": sim?.pin = value == "-" ? nil : value
        case "sim.tries": sim?.triesLeft = number
        case "sim.busy": sim?.busyAnswers = number
        case "sim.broken": sim?.isBroken = isOn
        case "sim.iccid": sim?.iccid = value
        case "sim.imsi": sim?.imsi = value
        case "net.gone": network.isGone = isOn
        case "net.refuses": network.refuses = isOn
        case "net.foreign": network.isForeign = isOn
        case "net.silent": network.isSilent = isOn
        case "net.search": network.searchDuration = .milliseconds(number)
        case "net.data": network.refusesData = !isOn
        case "net.dial": network.dialResult = value
        case "net.cause": network.cause = value
        case "net.code": network.code = value
        case "net.name": network.name = value
        case "net.rssi": network.rssi = number
        case "net.rsrp": network.rsrp = number
        case "net.rsrq": network.rsrq = number
        case "fault.mute": faults.isMute = isOn
        case "fault.cut": faults.cutsNextAnswerAfter = value == "-" ? nil : number
        case "fault.flood": faults.linesBeforeEachAnswer = number
        case "fault.tries": faults.countsTries = isOn
        default: return false
        }
        return true
    }
}
