/// What a command leads to.
enum Answer {
    /// And OK.
    case lines([String])
    /// Something else than OK.
    case final(String)
    /// OK, and the port is gone for so long.
    case restart(Duration)
    /// Nothing, and the same.
    case leave(Duration)
}

extension SimulatedModem {
    mutating func answer(_ command: String) -> Answer {
        let upper = command.uppercased()
        if let basic = basic(upper) { return basic }
        let (name, operation) = Self.parse(upper)
        let argument = operation.hasPrefix("=") ? String(command.dropFirst(name.count + 1)) : ""
        return sim(name, operation, argument) ?? radio(name, operation, argument) ?? data(name, operation, argument)
            ?? vendor(name, operation) ?? fixed(name + operation) ?? error(nil)
    }

    func error(_ code: Int?) -> Answer {
        switch terminal.errors {
        case 1: .final("+CME ERROR: \(code ?? 4)")
        case 2: .final("+CME ERROR: \(Self.words[code ?? 4] ?? "unknown")")
        default: .final("ERROR")
        }
    }

    private static let words = [
        3: "operation not allowed", 4: "operation not supported", 10: "SIM not inserted", 11: "SIM PIN required",
        12: "SIM PUK required", 13: "SIM failure", 14: "SIM busy", 16: "incorrect password",
    ]

    /// `+NAME`, and what stands behind it: "", "?", "=?" or "=…".
    private static func parse(_ command: String) -> (name: String, operation: String) {
        let name = command.prefix { $0 != "=" && $0 != "?" }
        return (String(name), String(command.dropFirst(name.count)))
    }

    private mutating func basic(_ command: String) -> Answer? {
        if command.hasPrefix("D") { return dial(command) }
        guard let first = command.first, !["+", "^", "#", "$", "*", "%"].contains(first) else {
            return command.isEmpty ? .lines([]) : nil
        }
        for (letter, digit) in zip(command, command.dropFirst()) {
            switch (letter, digit) {
            case ("E", "0"): port.echo = false
            case ("E", "1"): port.echo = true
            case ("V", "0"): port.words = false
            case ("V", "1"): port.words = true
            default: continue
            }
        }
        switch command {
        case "I": return .lines([identity.manufacturer, identity.model, identity.revision])
        case "Z", "&F": port.echo = true
        case "H", "H0": port.isInCall = false
        default: break
        }
        return .lines([])
    }

    private mutating func dial(_ command: String) -> Answer {
        let isData = command.hasPrefix("D*99") || command.hasPrefix("DT*99")
        guard isData, registration == 1 || registration == 5, !network.refusesData else { return .final("NO CARRIER") }
        port.isInCall = network.dialResult.hasPrefix("CONNECT")
        return .final(network.dialResult)
    }

    // MARK: - SIM

    private var hidesNumber: Bool { faults.hidesNumber && sim?.isOpen == false }

    private mutating func sim(_ name: String, _ operation: String, _ argument: String) -> Answer? {
        switch (name, operation) {
        case ("+CPIN", "?"): return cardState()
        case ("+CPIN", _) where operation.hasPrefix("="): return enter(argument.filter { $0 != "\"" })
        case ("+CIMI", ""): return ofOpenCard { [$0.imsi] }
        case _ where hidesNumber && ["+CCID", "+ICCID", "+QCCID"].contains(name): return error(14)
        case ("+CRSM", _) where hidesNumber && argument.hasPrefix("176,12258"): return error(14)
        case ("+CCID", ""), ("+ICCID", ""), ("+CCID", "?"): return ofCard { ["\(name): \($0.iccid)"] }
        case ("+QCCID", ""): return ofCard { ["+QCCID: \($0.iccid)F"] }
        case ("+CPINR", _):
            guard faults.countsTries else { return error(4) }
            return ofCard { ["+CPINR: SIM PIN,\($0.triesLeft),3"] }
        case ("+CLCK", _) where argument.hasPrefix("\"SC\",2"): return ofCard { ["+CLCK: \($0.pin == nil ? 0 : 1)"] }
        // The number of the card, its digits swapped in pairs (ETSI TS 102 221 §13.2), and the length of the MNC (3GPP TS 31.102 §4.2.18).
        case ("+CRSM", _) where argument.hasPrefix("176,12258"):
            return ofCard { ["+CRSM: 144,0,\"\(Self.swapped($0.iccid))\""] }
        case ("+CRSM", _) where argument.hasPrefix("176,28589"):
            return ofOpenCard { _ in ["+CRSM: 144,0,\"00000002\""] }
        default: return nil
        }
    }

    private mutating func cardState() -> Answer {
        guard var card = sim else { return error(10) }
        if card.busyAnswers > 0 {
            card.busyAnswers -= 1
            sim = card
            return error(14)
        }
        if card.falseAnswers > 0 {
            card.falseAnswers -= 1
            sim = card
            return .lines(["+CPIN: READY"])
        }
        if card.isBroken { return error(13) }
        if card.triesLeft == 0 { return .lines(["+CPIN: SIM PUK"]) }
        return .lines(["+CPIN: \(card.isOpen ? "READY" : "SIM PIN")"])
    }

    private func ofCard(_ lines: (SimulatedSIM) -> [String]) -> Answer { sim.map { .lines(lines($0)) } ?? error(10) }

    private func ofOpenCard(_ lines: (SimulatedSIM) -> [String]) -> Answer {
        guard let sim else { return error(10) }
        return sim.isOpen ? .lines(lines(sim)) : error(11)
    }

    private static func swapped(_ digits: String) -> String {
        var padded = Array(digits)
        while padded.count < 20 { padded.append("F") }
        return stride(from: 0, to: 20, by: 2).map { "\(padded[$0 + 1])\(padded[$0])" }.joined()
    }

    // MARK: - Radio

    private mutating func radio(_ name: String, _ operation: String, _ argument: String) -> Answer? {
        let domain = String(name.dropFirst())
        switch (name, operation) {
        case ("+CMEE", "?"): return .lines(["+CMEE: \(terminal.errors)"])
        case ("+CMEE", _) where operation != "=?":
            terminal.errors = Int(argument) ?? 0
            return .lines([])
        case ("+CFUN", "?"): return .lines(["+CFUN: \(terminal.function)"])
        case ("+CFUN", "=?"): return .lines(["+CFUN: (0,1,4),(0,1)"])
        case ("+CFUN", _):
            if argument == "1,1" { return .restart(.seconds(5)) }
            let before = terminal.function
            terminal.function = Int(argument.prefix { $0 != "," }) ?? 1
            if terminal.function == 0 { for index in sims.keys { sims[index]?.isUnlocked = false } }
            if terminal.function != before { beginSearch() }
            return .lines([])
        case ("+CREG", "?"), ("+CGREG", "?"), ("+CEREG", "?"):
            return .lines(["\(name): \(terminal.news[domain, default: 0]),\(place(domain))"])
        case ("+CREG", "=?"), ("+CGREG", "=?"), ("+CEREG", "=?"): return .lines(["\(name): (0-2)"])
        case ("+CREG", _), ("+CGREG", _), ("+CEREG", _):
            terminal.news[domain] = Int(argument) ?? 0
            return .lines([])
        case ("+COPS", "?"): return .lines([chosenOperator])
        case ("+COPS", "=?"):
            return .lines(["+COPS: (2,\"\(network.name)\",\"One\",\"\(network.code)\",7),,(0,1,2,3,4),(0,1,2)"])
        case ("+COPS", _):
            let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
            if parts.first == "3", parts.count > 1 { terminal.operatorFormat = Int(parts[1]) ?? 0 }
            return .lines([])
        case ("+CSQ", ""): return .lines(["+CSQ: \(registration == 0 ? 99 : network.rssi),99"])
        case ("+CESQ", ""): return .lines(["+CESQ: 99,99,255,255,\(network.rsrq),\(network.rsrp)"])
        default: return nil
        }
    }

    private var chosenOperator: String {
        guard registration == 1 || registration == 5 else { return "+COPS: 0" }
        let name = terminal.operatorFormat == 2 ? network.code : network.name
        return "+COPS: 0,\(terminal.operatorFormat),\"\(name)\",\(network.technology)"
    }

    // MARK: - Data

    private mutating func data(_ name: String, _ operation: String, _ argument: String) -> Answer? {
        switch (name, operation) {
        case ("+CGDCONT", "?"):
            return .lines(
                terminal.contexts.sorted { $0.key < $1.key }.map { number, context in
                    "+CGDCONT: \(number),\"\(context.type)\",\"\(context.apn)\",\"0.0.0.0\",0,0"
                }
            )
        case ("+CGDCONT", "=?"):
            return .lines(["IP", "IPV6", "IPV4V6"].map { "+CGDCONT: (1-16),\"\($0)\",,,(0),(0)" })
        case ("+CGDCONT", _):
            let parts = argument.split(separator: ",").map { $0.filter { $0 != "\"" } }
            guard let number = parts.first.flatMap({ Int($0) }), parts.count > 1 else { return error(50) }
            terminal.contexts[number] = .init(type: parts[1], apn: parts.count > 2 ? parts[2] : "")
            return .lines([])
        case ("+CGATT", "?"): return .lines(["+CGATT: \(isAttached ? 1 : 0)"])
        case ("+CGATT", "=1"):
            terminal.isAttached = !network.refusesData
            return network.refusesData ? error(107) : .lines([])
        case ("+CGATT", "=0"):
            (terminal.isAttached, terminal.hasBearer) = (false, false)
            return .lines([])
        case ("+CGACT", "?"):
            return .lines(terminal.contexts.keys.sorted().map { "+CGACT: \($0),\(terminal.hasBearer ? 1 : 0)" })
        case ("+CGACT", _), ("+QNETDEVCTL", _):
            let isUp = argument.hasPrefix("1")
            guard !isUp || isAttached && !network.refusesData else { return error(148) }
            terminal.hasBearer = isUp
            return .lines([])
        case ("+CGPADDR", _): return .lines(["+CGPADDR: 1,\"\(terminal.hasBearer ? "10.64.64.2" : "0.0.0.0")\""])
        case ("+CGAUTH", _): return .lines([])
        case ("+CEER", ""): return .lines(["+CEER: \(network.cause)"])
        default: return nil
        }
    }

    private var isAttached: Bool {
        terminal.isAttached && !network.refusesData && (registration == 1 || registration == 5)
    }

    // MARK: - What never changes

    private mutating func vendor(_ name: String, _ operation: String) -> Answer? {
        switch (name, operation) {
        case ("+QPINC", _):
            guard faults.countsTries else { return error(4) }
            return ofCard { ["+QPINC: \"SC\",\($0.triesLeft),10"] }
        case ("+QUIMSLOT", "=1"), ("+QUIMSLOT", "=2"):
            slot = operation == "=1" ? 1 : 2
            return .lines([])
        case ("+QICSGP", _): return .lines([])
        default: return nil
        }
    }

    private func fixed(_ command: String) -> Answer? {
        switch command {
        case "+CGMI", "+GMI": return .lines([identity.manufacturer])
        case "+CGMM", "+GMM": return .lines([identity.model])
        case "+CGMR", "+GMR": return .lines([identity.revision])
        case "+CGSN", "+GSN": return .lines([identity.imei])
        case "+GCAP": return .lines(["+GCAP: +CGSM,+DS,+ES"])
        case "+WS46=?": return .lines(["+WS46: (12,22,25,28,29)"])
        case "+WS46?": return .lines(["+WS46: 25"])
        case "+CSCS=?": return .lines(["+CSCS: (\"IRA\",\"GSM\",\"UCS2\")"])
        case "+CSCS?": return .lines(["+CSCS: \"IRA\""])
        case "+CLCK=?": return .lines(["+CLCK: (\"SC\",\"FD\")"])
        case "+CESQ=?": return .lines(["+CESQ: (0-63,99),(0-7,99),(0-96,255),(0-49,255),(0-34,255),(0-97,255)"])
        case "+CNUM": return .lines([])
        default: break
        }
        let accepted = ["+CSCS=", "+IFC=", "+ICF=", "+IPR=", "+CRC=", "+CGEREP=", "+CLIP=", "+CSMS=", "+CMGF="]
        return accepted.contains { command.hasPrefix($0) } && !command.hasSuffix("?") ? .lines([]) : nil
    }
}
