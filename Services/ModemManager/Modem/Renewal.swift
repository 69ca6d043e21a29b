/// When something is made anew that others take away: not at once, since whoever took it may be about to put another one there; then soon, and ever
/// more seldom while it does not last. Nobody wins a fight of two programs, and both cost time and flash.
struct Renewal: Equatable, Sendable {
    static let soonest = Duration.seconds(2)
    /// What was there for so long since it was made was of use.
    static let lasting = Duration.seconds(600)
    /// So many losses without lasting in between are no accident.
    private static let fewestOfContest = 3

    /// How long there is between two times at most.
    private let latest: Duration
    /// When it was made last.
    private var madeAt: Duration
    /// How long after that it is made again at the earliest.
    private var wait = Self.soonest
    private var amissSince: Duration?
    private var losses = 0
    /// Whether it is missing, and not only for the moment between two of the same.
    private(set) var isLost = false

    init(latest: Duration, madeAt uptime: Duration = .zero) {
        (self.latest, madeAt) = (latest, uptime)
    }

    /// Whether it is taken away again and again.
    var isContested: Bool { losses >= Self.fewestOfContest }

    /// When it is made anew.
    var due: Duration? { amissSince.map { max(madeAt + wait, $0 + Self.soonest) } }

    mutating func made(at uptime: Duration) { madeAt = uptime }

    mutating func observe(isAmiss: Bool, at uptime: Duration) {
        let isContinued = isAmiss && amissSince != nil
        if !isContinued, uptime - madeAt >= Self.lasting { (wait, losses) = (Self.soonest, 0) }
        amissSince = isAmiss ? amissSince ?? uptime : nil
        isLost = isLost && isAmiss
    }

    /// - Returns: Whether it is to be made now; that counts as done then.
    mutating func renewIfDue(at uptime: Duration) -> Bool {
        guard let due, uptime >= due else { return false }
        if !isLost { losses = min(losses + 1, Self.fewestOfContest) }
        (isLost, madeAt) = (true, uptime)
        wait = min(wait * 2, latest)
        return true
    }
}
