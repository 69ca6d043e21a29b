public import Primitives

/// What the central system's time says about ours (OCPP 1.6 §4.2, §4.6). The host's clock itself is not touched; whoever writes
/// timestamps adds the offset. Intervals never depend on it: they run on uptime.
///
/// An answer was written somewhere between the CALL and its arrival, so the middle of both is wrong by half of that time at most. With 8 s
/// on one leg that is 4 s; once any better answer came, such a one changes nothing, because it does not contradict.
public struct StationClock: Equatable, Sendable {
    /// What became of a time that the central system told.
    public enum Verdict: Equatable, Sendable {
        /// True time is so far ahead of the host's clock now, as well as all answers together say.
        case synchronised(offset: Duration)
        /// It is not believed; why, for people.
        case ignored(String)
    }

    /// When uptime was zero, in central system's time, and by how much that may be wrong.
    private struct Estimate: Equatable {
        /// UTC milliseconds.
        let start: Int64
        let error: Duration
        /// Uptime of the answer.
        let at: Duration
        /// Since when, on uptime, one who had proved who he is says nothing else.
        var provenSince: Duration?
        /// Certificates are held against it.
        var isProven = false

        /// The error grows with the drift of two quartzes.
        func error(at uptime: Duration) -> Duration { error + (uptime - at) / StationClock.driftDivisor }

        func difference(to other: Estimate) -> Duration {
            Duration(outsideMilliseconds: start.subtractingClamped(other.start).magnitude)
        }

        func offset(at moment: Moment) -> Duration {
            Timestamp(millisecondsSinceEpoch: start).advanced(by: moment.uptime).duration(since: moment.utc)
        }
    }

    private var trustsHost: Bool
    /// The newest time that is known to be past, as far as certificates go.
    private let newest: Timestamp
    private let latest: Timestamp
    private var best: Estimate?
    /// A time that contradicts the known one, which a second answer must confirm.
    private var doubted: Estimate?

    /// Central system's time minus the host's, at the last answer that carried a usable one.
    public private(set) var offset: Duration?

    /// - Parameters:
    ///   - trustsHost: Whether the host's clock counts as right before the central system tells the time.
    ///   - told: When uptime was zero, as the central system told an earlier process of this boot.
    ///   - newest: The newest time that anything on disk is of.
    ///   - newestProven: The newest time on disk that was told by somebody who had proved who he is; nil for `newest`.
    public init(
        trustsHost: Bool = false,
        told: BootStart? = nil,
        newest: Timestamp = HostClock.earliest,
        newestProven: Timestamp? = nil
    ) {
        self.trustsHost = trustsHost
        self.newest = max(newestProven ?? newest, HostClock.earliest)
        latest = max(newest, HostClock.earliest).advanced(by: Self.longestUnknown)
        best = told.map {
            Estimate(
                start: $0.utc,
                error: max($0.errorMilliseconds.map { Duration(outsideMilliseconds: $0) } ?? .zero, Self.resolution),
                at: .zero,
                provenSince: $0.isProven == true ? .zero : nil,
                isProven: $0.isProven == true
            )
        }
    }

    /// Somebody keeps the host's clock in step, as NTP does some time after the start of a board without a battery-backed clock.
    /// - Returns: Whether that is news: nobody has told the time in this boot, and the host's clock did not count until now.
    mutating func trustHost() -> Bool {
        guard !trustsHost, best == nil else { return false }
        trustsHost = true
        return true
    }

    /// Whether certificates are held against the time known: a central system that had proved who it is has told it for `provesAfter`.
    public var isProven: Bool { best?.isProven == true }

    /// The central system told its time.
    /// - Parameters:
    ///   - time: What it said in an answer.
    ///   - sentUptime: When the CALL was sent.
    ///   - certificates: When the certificates are valid by which it has proved who it is; nil on a plain connection. A time at which they are
    ///     not would lock it out by its own word: the charger holds certificates against the time that it was told, so that nobody could
    ///     correct that any more. For the same reason it does so only once the time has been told for a while.
    ///   - moment: When the answer came.
    /// - Returns: What becomes of it.
    public mutating func observe(
        _ time: Timestamp,
        sentUptime: Duration,
        under certificates: Validity? = nil,
        at moment: Moment
    ) -> Verdict {
        // A central system without a clock of its own must not spoil a good one.
        guard time.isPlausible, HostClock.earliest <= time, time <= latest else {
            return .ignored("it is not plausible")
        }
        let trip = moment.uptime - sentUptime
        guard trip <= (best == nil ? Self.longestFirstTrip : Self.longestTrip) else {
            return .ignored("the answer took too long to tell the time")
        }
        let objection = certificates?.objection(to: time)
        let told = Estimate(
            start: time.advanced(by: trip / 2 - moment.uptime).millisecondsSinceEpoch,
            error: trip / 2 + Self.resolution,
            at: moment.uptime,
            provenSince: certificates != nil && objection == nil ? moment.uptime : nil
        )
        let host = Estimate(
            start: moment.utc.advanced(by: .zero - moment.uptime).millisecondsSinceEpoch,
            error: HostClock.mostApart,
            at: moment.uptime
        )
        let known = best ?? (trustsHost ? host : nil)
        if let known, !contradicts(told, known, at: moment) {
            var better = told.error <= known.error(at: moment.uptime) ? told : known
            better.provenSince = known.provenSince ?? told.provenSince
            let saysSoStill =
                told.provenSince != nil && moment.uptime - (better.provenSince ?? moment.uptime) >= Self.provesAfter
            better.isProven = known.isProven || saysSoStill
            return use(better, at: moment)
        }
        // Where it is no news it does no harm: a connection may outlast the certificates that it was opened with.
        if let objection { return .ignored(objection) }
        guard known != nil else { return use(told, at: moment) }
        // Somebody's clock was moved, or the answer is wrong: one wrong answer moves no transaction.
        if let doubted, !contradicts(told, doubted, at: moment) { return use(told, at: moment) }
        doubted = told
        return .ignored("it contradicts the time known so far: the next answer must confirm it")
    }

    /// By how much the time that it goes by may be wrong; zero while nobody has told it any.
    public func error(at uptime: Duration) -> Duration { best?.error(at: uptime) ?? .zero }

    /// What certificates are held against. Without a clock that can be trusted the charger knows what it has written down: it is later than that.
    ///
    /// A time that was told on a plain connection may be anybody's, and one that was told once may be a mistake. It serves for timestamps, and
    /// bars no certificate: else one wrong word would keep a charger for ever from the central system that could put it right.
    public func knownTime(at moment: Moment) -> KnownTime {
        if let best, best.isProven {
            return .about(Timestamp(millisecondsSinceEpoch: best.start).advanced(by: moment.uptime))
        }
        return trustsHost ? .about(moment.utc) : .atLeast(newest)
    }

    /// Whether they are further apart than both may be wrong.
    private func contradicts(_ one: Estimate, _ other: Estimate, at moment: Moment) -> Bool {
        one.difference(to: other) > one.error(at: moment.uptime) + other.error(at: moment.uptime)
    }

    private mutating func use(_ estimate: Estimate, at moment: Moment) -> Verdict {
        best = estimate
        doubted = nil
        let offset = estimate.offset(at: moment)
        self.offset = offset
        return .synchronised(offset: offset)
    }

    /// No charger is without the time for so long, so that a later one is wrong: what is told of a transaction under it cannot be taken back.
    /// 20 years of 365.25 days.
    private static let longestUnknown: Duration = .seconds(631_152_000)
    /// An answer that took longer is no time. The first may take as long as any answer to a CALL: badly known is better than unknown.
    static let longestTrip: Duration = .seconds(20)
    static let longestFirstTrip: Duration = .seconds(60)
    /// A central system whose clock is wrong when it starts is put right by then, and tells another time.
    static let provesAfter: Duration = .seconds(3600)
    /// Many central systems write whole seconds.
    static let resolution: Duration = .seconds(1)
    /// 200 ppm: two quartzes of 100 ppm each.
    private static let driftDivisor = 5000
}
