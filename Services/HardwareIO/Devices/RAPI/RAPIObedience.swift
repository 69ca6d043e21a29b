import BusSchema
import Primitives

/// Whether a controller does what it is told, and how long it is left alone when it does not.
///
/// One that refuses, or goes on to offer more than is permitted, is forbidden to let energy flow and tried again after a pause. The pauses grow
/// until it has obeyed for a minute: one that answers well between two refusals would else be tried without end.
struct RAPIObedience {
    /// What it does not do.
    enum Offence: Equatable {
        case refusesLimit(amps: Int)
        /// It says so in its answer to the order.
        case takesMore(amps: Int, permitted: Int)
        /// It offers that some time after it was told, whatever it answered.
        case keepsMore(amps: Int, permitted: Int)
        case refusesEnergy

        /// Of what is permitted it makes something else: that is a power switch that does not obey. What it says beforehand harms nobody.
        var code: HardwareFaultCode {
            if case .keepsMore = self { .powerSwitchFailure } else { .internalError }
        }

        /// For people.
        var words: String {
            switch self {
            case .refusesLimit(let amps): "controller refuses the limit of \(amps) A"
            case .takesMore(let amps, let permitted):
                "controller takes \(amps) A where \(permitted) A are permitted"
            case .keepsMore(let amps, let permitted):
                "controller offers \(amps) A where \(permitted) A are permitted"
            case .refusesEnergy: "controller refuses to let energy flow"
            }
        }
    }

    /// What it answers to the question what it offers.
    enum Telling: Equatable {
        case told
        /// No number. It may be one the next time.
        case unreadable
        /// It does not know the question, and is not asked again.
        case refused
    }

    enum Judgement: Equatable {
        case fits
        case orderAgain
        case offends(Offence)
    }

    /// Longest time for which it may offer more than is permitted: somebody may have raised it, and it was told again.
    static let excessLimit = Duration.seconds(3)
    /// What it does not do although it agreed is ordered again so often.
    static let repetition = Duration.seconds(1)
    /// Having obeyed for so long it is trusted as one that never refused.
    static let provenAfter = Duration.seconds(60)
    static let shortestPause = Duration.seconds(5)
    static let longestPause = Duration.seconds(300)

    /// Why nothing is permitted to it now; nil when it may be.
    private(set) var offence: Offence?
    /// Whether it says what it offers. One that does not is believed what it agrees to.
    private(set) var limitIs = Telling.told
    /// When it was last brought to what is wished.
    private var appliedAt = Duration.zero
    private var offences = 0
    private var obeysSince: Duration?
    private var excessSince: Duration?

    /// It was told what is wished.
    mutating func told(at uptime: Duration) { appliedAt = uptime }

    /// Whether it had its time to do what it was told.
    func hadItsTime(at uptime: Duration) -> Bool { uptime - appliedAt >= Self.repetition }

    /// It is set up: nothing is known of what it offers.
    mutating func beginAnew() {
        limitIs = .told
        obeysSince = nil
        excessSince = nil
    }

    /// It does not say what it offers.
    /// - Returns: Whether that is news.
    mutating func doesNotTell(_ reason: Telling) -> Bool {
        defer { limitIs = reason }
        excessSince = nil
        return limitIs != reason
    }

    /// It answers with a number again.
    mutating func tells() { limitIs = .told }

    /// What is wrong with one that obeys as far as that can be seen, for people; nil when nothing is.
    var trouble: String? {
        switch limitIs {
        case .told: nil
        case .unreadable: "what the controller offers cannot be checked: it does not answer with a number"
        case .refused: "what the controller offers cannot be checked: it does not know the question"
        }
    }

    /// It agreed to a limit.
    mutating func agrees() { if limitIs != .told { excessSince = nil } }

    /// It lets energy flow as it may, or does not.
    mutating func isSeen(obeying: Bool, at uptime: Duration) {
        guard obeying, excessSince == nil else {
            obeysSince = nil
            return
        }
        let since = obeysSince ?? uptime
        obeysSince = since
        if uptime - since >= Self.provenAfter { offences = 0 }
    }

    /// It says that its pilot offers so much; `permitted` is nil while nothing is.
    /// - Returns: What is to be done about that.
    mutating func offers(_ amps: Int, permitted: Int?, at uptime: Duration) -> Judgement {
        guard let permitted, amps > permitted else {
            excessSince = nil
            return .fits
        }
        guard let excessSince else {
            excessSince = uptime
            return .orderAgain
        }
        if uptime - excessSince >= Self.excessLimit { return .offends(.keepsMore(amps: amps, permitted: permitted)) }
        return hadItsTime(at: uptime) ? .orderAgain : .fits
    }

    /// - Returns: When it is tried again.
    mutating func offends(_ offence: Offence, at uptime: Duration) -> Duration {
        self.offence = offence
        obeysSince = nil
        excessSince = nil
        let pause = min(Self.shortestPause * (1 << min(offences, 10)), Self.longestPause)
        offences += 1
        return uptime + pause
    }

    /// It is tried again.
    mutating func pardon() { offence = nil }
}
