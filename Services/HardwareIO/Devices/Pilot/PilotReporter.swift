/// Says which of the samples of a control pilot, taken every 10 ms, are worth a report: every change twice, since one odd reading does not
/// count, and now and then one that is like those before, since silence is how a broken sensor shows. So an idle pilot wakes nobody.
public struct PilotReporter: Sendable {
    /// Less than this is noise.
    static let tolerance = 250
    /// Between two reports while an EV is there.
    static let busyInterval = Duration.seconds(1)
    /// Else.
    static let idleInterval = Duration.seconds(10)
    /// Edges of the bands in which states are accepted (IEC 61851-1 table A.2), mV: a step over one is told however small it is.
    private static let edges = [-13_000, -11_000, -10_000, -1000, 2000, 4000, 5000, 7000, 8000, 10_000, 11_000, 13_000]

    private var told: PilotSample?
    private var toldAt = Duration.zero
    private var isTwice = true

    public init() {}

    /// - Returns: Whether this sample is to be reported.
    public mutating func sampled(_ sample: PilotSample, at uptime: Duration) -> Bool {
        let isChange = told.map { Self.differ($0, sample) } ?? true
        let interval = sample.highMillivolts > 10_000 ? Self.idleInterval : Self.busyInterval
        guard isChange || !isTwice || uptime - toldAt >= interval else { return false }
        isTwice = !isChange
        told = sample
        toldAt = uptime
        return true
    }

    private static func differ(_ one: PilotSample, _ other: PilotSample) -> Bool {
        differ(one.highMillivolts, other.highMillivolts) || differ(one.lowMillivolts, other.lowMillivolts)
    }

    private static func differ(_ one: Int, _ other: Int) -> Bool {
        abs(one - other) > tolerance || band(one) != band(other)
    }

    private static func band(_ millivolts: Int) -> Int { edges.count { $0 < millivolts } }
}
