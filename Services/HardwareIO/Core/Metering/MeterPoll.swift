import Primitives

/// When the meter is asked. One question at a time: a slow meter must not find a queue of them.
struct MeterPoll {
    /// A question, as it was when it was asked. The answer is no younger.
    struct Question {
        var moment: Moment
        /// The opening of the contactor that this reading comes after, its current settled; nil when current may have flowed.
        var openSince: Duration?
    }

    /// How long the registers of a meter lag behind its terminals.
    static let settling = Duration.milliseconds(300)
    /// Pause before a first sample or a doubtful one is looked at again.
    static let secondLook = Duration.milliseconds(200)
    static let intervalUnderCurrent = Duration.seconds(1)
    static let intervalIdle = Duration.seconds(10)
    /// Of a meter that is lost.
    static let intervalLost = Duration.seconds(2)
    /// Each time that a question has waited so long for its answer is a miss.
    static let answerLimit = Duration.seconds(2)
    /// After so long a question counts as lost on its way, and is asked again.
    static let patience = Duration.seconds(30)

    private let connectorId: Int
    private var nextAt: Duration
    private var question: Question?
    /// When the open question is late, next.
    private var lateAt = Duration.zero
    /// A fresh reading was asked for while an older question was open: it is asked again at once.
    private var isWantedAgain = false
    private var openSince: Duration?

    init(connectorId: Int, at start: Duration) {
        self.connectorId = connectorId
        nextAt = start
    }

    var nextDeadline: Deadline { Deadline(at: nextAt, for: "the meter is read") }

    /// A fresh value is wanted, for the begin or the end of something.
    mutating func want(_ interval: Duration, _ turn: inout Turn) {
        guard question == nil else {
            isWantedAgain = true
            return
        }
        ask(interval, &turn)
    }

    /// Since when the contactor is surely open. When that begins it is asked at once, and again as soon as the meter has settled.
    mutating func contactorIs(openSince: Duration?, _ interval: Duration, _ turn: inout Turn) {
        guard openSince != self.openSince else { return }
        self.openSince = openSince
        want(interval, &turn)
        if let openSince { nextAt = max(openSince + Self.settling, turn.uptime) }
    }

    /// Asks when it is time.
    /// - Returns: Whether the question before is late: a miss.
    mutating func deadlineReached(_ interval: Duration, _ turn: inout Turn) -> Bool {
        guard nextAt <= turn.uptime else { return false }
        guard let question else {
            ask(interval, &turn)
            return false
        }
        let isLate = lateAt <= turn.uptime
        if turn.uptime - question.moment.uptime >= Self.patience {
            ask(interval, &turn)
        } else {
            if isLate { lateAt = turn.uptime + Self.answerLimit }
            nextAt = lateAt
            // What it will answer is older than what is due by now: the settled reading after an opening.
            isWantedAgain = isWantedAgain || openSince != question.openSince
        }
        return isLate
    }

    /// An answer or a failure came; returns the question that it belongs to. Without one the device spoke by itself. A driver that says when
    /// it read is believed; one that does not has read after it was asked.
    mutating func answered(_ interval: Duration, _ turn: inout Turn) -> Question {
        let answered: Question
        if let statedAt = turn.statedAt {
            answered = asked(at: turn.moment.advanced(by: statedAt - turn.uptime))
            // Read by itself before it was asked: the answer is still to come.
            if let question, statedAt < question.moment.uptime { return answered }
        } else {
            answered = question ?? asked(at: turn.moment)
        }
        question = nil
        if isWantedAgain { ask(interval, &turn) }
        return answered
    }

    /// Looks again soon, unless it is asked sooner anyway.
    mutating func lookAgain(after pause: Duration, at uptime: Duration) { nextAt = min(nextAt, uptime + pause) }

    private mutating func ask(_ interval: Duration, _ turn: inout Turn) {
        isWantedAgain = false
        question = asked(at: turn.moment)
        lateAt = turn.uptime + Self.answerLimit
        // On the grid while the shell is punctual, so that readings do not drift.
        let planned = nextAt + interval
        nextAt = nextAt <= turn.uptime && planned > turn.uptime ? planned : turn.uptime + interval
        // Whatever is asked meanwhile, the final reading of an opening is asked for once the meter has settled.
        if let openSince, openSince + Self.settling > turn.uptime { nextAt = min(nextAt, openSince + Self.settling) }
        turn.order(.readMeter(connectorId: connectorId))
    }

    private func asked(at moment: Moment) -> Question {
        let isSettled = openSince.map { moment.uptime - $0 >= Self.settling } ?? false
        return Question(moment: moment, openSince: isSettled ? openSince : nil)
    }
}
