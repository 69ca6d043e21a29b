/// How dirty the simulated board is. The default is a bad site that works: nothing of it may disturb a session.
public struct SimulatedNoise: Equatable, Sendable {
    /// Largest deviation of a voltage on the control pilot, mV.
    public var pilotMillivolts: Int
    /// Of the second reading after a change: at least 10 ms later, and up to so much more, ms.
    public var jitterMilliseconds: Int
    /// Latest answer of the meter, ms; the earliest comes after 20.
    public var slowestAnswerMilliseconds: Int
    /// Slowest report of a mirror contact after the contactor moved, ms. What was undone by then is never reported.
    public var slowestMirrorMilliseconds: Int
    /// The longest that there is voltage behind a contactor after it has opened, as the filter of an EV holds it, ms.
    public var slowestVoltageMilliseconds: Int
    /// Of a thousand readings of pilot, proximity and meter so many are missing; never two in a row.
    public var missingPerMille: Int
    /// Of a thousand readings so many come twice.
    public var repeatedPerMille: Int
    /// Of a thousand readings of the pilot so many show something else altogether; never two in a row.
    public var oddPerMille: Int
    /// Whether a card is seen, lost and seen again as it approaches.
    public var cardsBounce: Bool
    /// Of a million reports so many begin a rare fault, which ends by itself after some seconds. A report comes each second while an EV
    /// is there, and every 10 s else.
    public var rareFaultsPerMillion: Int

    public init(
        pilotMillivolts: Int = 100,
        jitterMilliseconds: Int = 10,
        slowestAnswerMilliseconds: Int = 150,
        slowestMirrorMilliseconds: Int = 60,
        slowestVoltageMilliseconds: Int = 300,
        missingPerMille: Int = 20,
        repeatedPerMille: Int = 20,
        oddPerMille: Int = 5,
        cardsBounce: Bool = true,
        rareFaultsPerMillion: Int = 0
    ) {
        self.pilotMillivolts = pilotMillivolts
        self.jitterMilliseconds = jitterMilliseconds
        self.slowestAnswerMilliseconds = slowestAnswerMilliseconds
        self.slowestMirrorMilliseconds = slowestMirrorMilliseconds
        self.slowestVoltageMilliseconds = slowestVoltageMilliseconds
        self.missingPerMille = missingPerMille
        self.repeatedPerMille = repeatedPerMille
        self.oddPerMille = oddPerMille
        self.cardsBounce = cardsBounce
        self.rareFaultsPerMillion = rareFaultsPerMillion
    }

    /// The clean board of a laboratory.
    public static let none = SimulatedNoise(
        pilotMillivolts: 0,
        jitterMilliseconds: 0,
        slowestAnswerMilliseconds: 20,
        slowestMirrorMilliseconds: 0,
        slowestVoltageMilliseconds: 0,
        missingPerMille: 0,
        repeatedPerMille: 0,
        oddPerMille: 0,
        cardsBounce: false
    )
}
