import BusSchema

/// What is asked of an OpenEVSE controller (rapi_proc.h). Answers are read by position; what newer firmware adds behind is ignored.
enum RAPICommand: Equatable {
    /// FS: no energy, pilot steady at +12 V.
    case sleep
    /// FD: no energy, pilot at -12 V.
    case disable
    /// FE: energy at the EV's wish.
    case enable
    /// SB: leave after a start, which a controller with boot lock waits for.
    case clearBootLock
    /// S4 0: leave, which a controller with authorization lock waits for.
    case clearAuthLock
    /// SC n V: the current that is offered, A, not remembered over its restart.
    case limit(amps: Int)
    /// SY interval amps: what it falls back to when no heartbeat came for so long. It writes its memory only when they change.
    case supervise(seconds: Int, amps: Int)
    /// SY: the heartbeat.
    case heartbeat
    /// SY 165: a missed heartbeat is known.
    case acknowledgeMiss
    /// GV, GS, GE, GG, GU, GP.
    case version, state, settings, current, energy, temperatures

    var words: [String] {
        switch self {
        case .sleep: ["FS"]
        case .disable: ["FD"]
        case .enable: ["FE"]
        case .clearBootLock: ["SB"]
        case .clearAuthLock: ["S4", "0"]
        case .limit(let amps): ["SC", String(amps), "V"]
        case .supervise(let seconds, let amps): ["SY", String(seconds), String(amps)]
        case .heartbeat: ["SY"]
        case .acknowledgeMiss: ["SY", "165"]
        case .version: ["GV"]
        case .state: ["GS"]
        case .settings: ["GE"]
        case .current: ["GG"]
        case .energy: ["GU"]
        case .temperatures: ["GP"]
        }
    }

    /// Whether a controller that has not got it refuses it, which says nothing else.
    var isOptional: Bool {
        switch self {
        case .settings, .current, .energy, .temperatures, .clearBootLock, .clearAuthLock: true
        default: false
        }
    }
}

/// Readers of answers, each nil where the words are no such answer.
enum RAPIAnswer {
    /// `GS`: evsestate(hex) elapsed(dec) pilotstate(hex) vflags(hex).
    static func status(_ words: some Collection<String>) -> RAPIStatus? {
        let words = Array(words)
        guard words.count >= 4, let state = hexadecimal(words[0]), let pilot = hexadecimal(words[2]),
            let flags = hexadecimal(words[3])
        else { return nil }
        return status(state: state, pilot: pilot, flags: flags)
    }

    /// `$AT`: evsestate(hex) pilotstate(hex) amps(dec) vflags(hex), told by itself when the state changes.
    static func change(_ words: some Collection<String>) -> (RAPIStatus, amps: Int)? {
        let words = Array(words)
        guard words.count >= 4, let state = hexadecimal(words[0]), let pilot = hexadecimal(words[1]),
            let amps = Int(words[2]), let flags = hexadecimal(words[3])
        else { return nil }
        return (status(state: state, pilot: pilot, flags: flags), amps)
    }

    /// `GE`: amps(dec) flags(hex); what its pilot offers.
    static func amps(_ words: some Collection<String>) -> Int? { words.first.flatMap { Int($0) } }

    /// `GG`: milliamps millivolts, -1 without a sensor.
    static func current(_ words: some Collection<String>) -> RAPIReport? {
        let numbers = words.prefix(2).map { Int($0) }
        guard numbers.count == 2, let milliamps = numbers[0], let millivolts = numbers[1] else { return nil }
        func sane(_ number: Int) -> Int? { (0...1_000_000).contains(number) ? number : nil }
        return .current(milliamps: sane(milliamps), millivolts: sane(millivolts))
    }

    /// `GU`: watt-seconds of the session, watt-hours of all.
    static func energy(_ words: some Collection<String>) -> RAPIReport? {
        let numbers = words.prefix(2).map { Int64($0) }
        guard numbers.count == 2, let session = numbers[0], let total = numbers[1], session >= 0, total >= 0
        else { return nil }
        return .energy(sessionWh: session / 3600, totalWh: total)
    }

    /// `GP`: tenths of a degree, -2560 without a sensor.
    static func temperature(_ words: some Collection<String>) -> RAPIReport? {
        words.prefix(3).compactMap { Int($0) }.filter { (-1000...2000).contains($0) }.max().map {
            .temperature(decidegrees: $0)
        }
    }

    private static func hexadecimal(_ word: String) -> Int? {
        word.utf8.count <= 4 && !word.hasPrefix("-") && !word.hasPrefix("+") ? Int(word, radix: 16) : nil
    }

    private static func status(state: Int, pilot: Int, flags: Int) -> RAPIStatus {
        let isHeld = state == 0xFE || state == 0xFF || flags & 0x4008 != 0
        let fault = fault(state)
        return RAPIStatus(
            pilot: Self.pilot(pilot) ?? Self.pilot(state) ?? (state == 0xFF ? .f : nil),
            isClosed: flags & 0x0040 != 0,
            vehicleIsConnected: flags & 0x0100 != 0,
            isForbidding: isHeld,
            fault: fault?.0,
            faultDetail: fault?.1 ?? ""
        )
    }

    private static func pilot(_ state: Int) -> PilotState? {
        switch state {
        case 1: .a
        case 2: .b
        case 3: .c
        case 4: .d
        default: nil
        }
    }

    private static func fault(_ state: Int) -> (HardwareFaultCode, String)? {
        switch state {
        case 0x05: (.evCommunicationError, "diode of the EV missing or shorted")
        case 0x06: (.groundFailure, "residual current")
        case 0x07: (.groundFailure, "no protective earth")
        case 0x08: (.powerSwitchFailure, "relay does not open")
        case 0x09: (.groundFailure, "self-test of the residual current sensor failed")
        case 0x0A: (.highTemperature, "over-temperature")
        case 0x0B: (.overCurrentFailure, "over-current")
        case 0x0E: (.powerSwitchFailure, "relay does not close")
        case 0x0C, 0x0D, 0x0F...0x1F: (.internalError, "controller reports fault \(String(state, radix: 16))")
        default: nil
        }
    }
}
