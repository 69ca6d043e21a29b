import Primitives

@testable import HardwareDevices

/// An OpenEVSE controller as its firmware describes itself (rapi_proc.h), with a heartbeat of its own: when the host falls silent, it falls
/// back, and opens where it is to fall back to nothing.
struct ControllerModel {
    enum Mode { case enabled, sleeping, disabled }

    var mode = Mode.enabled
    /// 1 A, 2 B, 3 C.
    var vehicle = 1
    var amps = 16
    var lowestAmps = 6
    /// What it offers whatever it is told, although it agrees.
    var stubbornAmps: Int?
    var bootLock = false
    var authLock = false
    var fault: Int?
    /// Answers nothing.
    var isDead = false
    /// It starts anew when it hears that, once it has answered.
    var startsAnewOn: String?
    /// What it answers to GE in place of a number.
    var offer: String?
    /// The only commands that it answers; nil where it answers all.
    var answersOnly: Set<String>?
    /// Commands that it has not got.
    var unknown: Set<String> = []
    var milliamps = -1
    /// What it says when it has started.
    static let start = RAPIFrame(words: ["AB", "00", "8.2.1"]).bytes
    private(set) var commands: [String] = []
    private(set) var isClosed = false
    private(set) var fellBack = false
    private var interval = 0
    private var fallback = 0
    private var pulseAt = Duration.zero
    private var decoder = RAPIDecoder()

    /// At power-on it lets energy flow, as the firmware does without locks: a host that is slow to start must expect that.
    init() {}

    /// - Returns: What it sends back.
    mutating func receive(_ bytes: [UInt8], at uptime: Duration) -> [UInt8] {
        guard !isDead else { return [] }
        var answers: [UInt8] = []
        for frame in decoder.receive(bytes) {
            commands.append(frame.words.joined(separator: " "))
            if let answersOnly, !answersOnly.contains(frame.words[0]) { continue }
            var answer = unknown.contains(frame.words[0]) ? ["NK"] : answer(frame.words, at: uptime)
            if answer.isEmpty { answer = ["NK"] }
            answers += RAPIFrame(words: answer, sequence: frame.sequence).bytes
            if frame.words[0] == startsAnewOn { answers += Self.start }
        }
        pass(to: uptime)
        return answers
    }

    /// Its own time: the heartbeat, and the relay that follows the EV.
    mutating func pass(to uptime: Duration) {
        if interval > 0, uptime - pulseAt > .seconds(interval) { fellBack = true }
        let limit = fellBack ? fallback : amps
        isClosed =
            vehicle == 3 && mode == .enabled && !bootLock && !authLock && fault == nil && limit >= 6 && !isDead
            || (isDead && isClosed && !fellBack)
    }

    var state: String {
        let code = fault ?? (mode == .sleeping ? 0xFE : mode == .disabled ? 0xFF : vehicle)
        var flags = 0x0200
        if isClosed { flags |= 0x40 }
        if vehicle > 1 { flags |= 0x100 }
        if bootLock { flags |= 0x4000 }
        if authLock { flags |= 0x8 }
        return "\(String(code, radix: 16)) 0 \(String(vehicle, radix: 16)) \(String(flags, radix: 16))"
    }

    private mutating func answer(_ words: [String], at uptime: Duration) -> [String] {
        switch words[0] {
        case "FS": mode = .sleeping
        case "FD": mode = .disabled
        case "FE": mode = .enabled
        case "SB": bootLock = false
        case "S4": authLock = false
        case "GV": return ["OK", "8.2.1", "5.2.1"]
        case "GS":
            pass(to: uptime)
            return ["OK"] + state.split(separator: " ").map(String.init)
        case "GG": return ["OK", String(milliamps), "-1"]
        case "GE": return ["OK", offer ?? String(amps), "0121"]
        case "GU": return ["OK", "7200", "15000"]
        case "GP": return ["OK", "-2560", "312", "-2560"]
        case "SC":
            let asked = Int(words[1]) ?? 0
            amps = stubbornAmps ?? max(asked, lowestAmps)
            return [asked < lowestAmps ? "NK" : "OK", String(max(asked, lowestAmps))]
        case "SY": return heartbeat(words, at: uptime)
        default: return ["NK"]
        }
        pass(to: uptime)
        return ["OK"]
    }

    private mutating func heartbeat(_ words: [String], at uptime: Duration) -> [String] {
        pass(to: uptime)
        switch words.count {
        case 3:
            interval = Int(words[1]) ?? 0
            fallback = Int(words[2]) ?? 0
            fellBack = false
        case 2 where words[1] == "165": fellBack = false
        case 1 where fellBack: return ["NK", "\(interval)", "\(fallback)", "2"]
        default: break
        }
        pulseAt = uptime
        return ["OK", "\(interval)", "\(fallback)", "0"]
    }
}

/// The machine and the model on a line, with a clock. The core is played by `livesAsHost`.
struct ControllerBench {
    var machine = RAPIMachine()
    var model = ControllerModel()
    var moment = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 0))
    var reports: [RAPIReport] = []
    var reopens = 0
    var warnings: [String] = []
    /// Whether the core has a turn after each report.
    var livesAsHost = true

    mutating func tell(_ event: RAPIMachine.Event) { perform(machine.handle(event, at: moment)) }

    mutating func order(_ order: RAPIOrder) { tell(.ordered(order)) }

    mutating func pass(_ time: Duration) {
        let end = moment.uptime + time
        while let due = machine.nextDeadline, due.at <= end {
            moment = moment.advanced(by: due.at - moment.uptime)
            perform(machine.deadlineReached(at: moment))
        }
        moment = moment.advanced(by: end - moment.uptime)
        model.pass(to: moment.uptime)
    }

    private mutating func perform(_ effects: [RAPIMachine.Effect]) {
        var answers: [UInt8] = []
        var hasTold = false
        for effect in effects {
            switch effect {
            case .line(.send(let bytes)): answers += model.receive(bytes, at: moment.uptime)
            case .line(.reopen): reopens += 1
            case .log(let record): if record.level == .warning { warnings.append(record.message) }
            case .line: break
            case .report(let report):
                reports.append(report)
                hasTold = true
            }
        }
        if !answers.isEmpty { tell(.line(.received(answers))) }
        if hasTold, livesAsHost { tell(.hostLives) }
    }

    var lastStatus: RAPIStatus? {
        for case .status(let status) in reports.reversed() { return status }
        return nil
    }

    var offences: [RAPIStatus] { statuses.filter { $0.fault != nil } }

    var statuses: [RAPIStatus] {
        reports.compactMap { if case .status(let status) = $0 { status } else { nil } }
    }

    /// Somebody chooses another current at the controller itself, which says so.
    mutating func choose(amps: Int) {
        model.amps = amps
        tell(.line(.received(RAPIFrame(words: ["AT", "3", "3", "\(amps)", "0340"]).bytes)))
    }

    /// As the core does, each second, with a line that is opened anew when that is wanted.
    mutating func orderAgainAndAgain(for seconds: Int) {
        for _ in 0..<seconds {
            let before = reopens
            order(.permit(amps: 16))
            pass(.seconds(1))
            if reopens != before { tell(.line(.opened)) }
        }
    }

    func count(_ command: String) -> Int { model.commands.count { $0 == command } }

    mutating func charge(amps: Int = 16) {
        tell(.line(.opened))
        model.vehicle = 3
        order(.permit(amps: amps))
        pass(.seconds(2))
    }
}
