import Primitives

/// Makes ohms of the voltage at the proximity contact: a resistor pulls it up, the one in the plug pulls it down.
public struct ProximityDivider: Equatable, Sendable {
    /// Above, there is no plug: the largest resistor of a plug is 1.5 kΩ (IEC 61851-1 table B.2).
    static let emptyOhms = 5000

    private let pullUpOhms: Int
    private let supplyMillivolts: Int

    /// - Parameters:
    ///   - pullUpOhms: 1 or more.
    ///   - supplyMillivolts: What the pull-up hangs at, measured as the contact is; 1 or more.
    public init(pullUpOhms: Int, supplyMillivolts: Int) {
        precondition(pullUpOhms > 0 && supplyMillivolts > 0, "The settings refuse a divider of nothing.")
        self.pullUpOhms = pullUpOhms
        self.supplyMillivolts = supplyMillivolts
    }

    /// - Parameter millivolts: Any; below zero is zero.
    /// - Returns: The resistor between contact and protective earth; nil when there is none, so that no plug is there.
    public func ohms(millivolts: Int) -> Int? {
        let voltage = millivolts.clamped(to: 0...supplyMillivolts)
        guard voltage < supplyMillivolts else { return nil }
        let (product, isTooLarge) = voltage.multipliedReportingOverflow(by: pullUpOhms)
        guard !isTooLarge else { return nil }
        let ohms = product / (supplyMillivolts - voltage)
        return ohms > Self.emptyOhms ? nil : ohms
    }
}

/// Says which samples of a proximity contact are worth a report, and when the next one is taken: every change twice, and now and then one that is like
/// those before. A plug that is pulled while energy flows is seen within two samples.
public struct ProximityReporter: Sendable {
    public static let plugged = Duration.milliseconds(50)
    public static let empty = Duration.milliseconds(400)
    static let pluggedInterval = Duration.seconds(1)
    static let emptyInterval = Duration.seconds(10)

    private var told: Int??
    private var toldAt = Duration.zero
    private var isTwice = true

    public init() {}

    /// - Parameters:
    ///   - ohms: As it was sampled; nil without a plug.
    ///   - uptime: When.
    /// - Returns: Whether this sample is to be reported, and the time until the next one.
    public mutating func sampled(_ ohms: Int?, at uptime: Duration) -> (isTold: Bool, next: Duration) {
        let isChange = told.map { Self.differ($0, ohms) } ?? true
        let isDue = uptime - toldAt >= (ohms == nil ? Self.emptyInterval : Self.pluggedInterval)
        let isTold = isChange || !isTwice || isDue
        if isTold {
            isTwice = !isChange
            told = .some(ohms)
            toldAt = uptime
        }
        return (isTold, !isTwice || ohms != nil ? Self.plugged : Self.empty)
    }

    /// A tenth is noise; the resistors of plugs are a factor of two apart.
    private static func differ(_ one: Int?, _ other: Int?) -> Bool {
        guard let one, let other else { return (one == nil) != (other == nil) }
        return abs(one - other) > max(one / 10, 5)
    }
}
