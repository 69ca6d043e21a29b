/// What a modem may do with its SIM, whatever speaks with the modem. Its members stand among those of the driver.
public struct ModemSIMSection: Equatable, Sendable {
    /// Where the PIN stands, in a file that only the service can read.
    public var pinFile: String?
    public var triesPINWithoutCounter: Bool
    public var roaming: Bool
    /// MCC and MNC of the only network to use; nil leaves it to the modem.
    public var network: String?
    /// For every card, whatever `profiles` say; nil where those are asked.
    public var access: ModemAccessSection?
    public var profiles: [ModemAccessSection]

    init(_ fields: Fields) {
        pinFile = fields.optionalText(
            "pinFile",
            1...200,
            "File with the PIN of the SIM, which only modem-manager can read."
        )
        triesPINWithoutCounter = fields.truth(
            "triesPINWithoutCounter",
            default: false,
            "Whether the PIN is tried where the modem does not say how many tries are left. That one could be the last."
        )
        roaming = fields.truth("roaming", default: true, "Whether foreign networks are used.")
        network = fields.optionalText(
            "network",
            5...6,
            "MCC and MNC of the only network to use. Default: the modem's choice."
        )
        access = fields.optionalObject("access", "How to get into the packet network, for every SIM.")
        profiles =
            fields.objects("profiles", 0...50, "The same for SIMs by their numbers, where there is no \"access\".")
            ?? []
    }
}
