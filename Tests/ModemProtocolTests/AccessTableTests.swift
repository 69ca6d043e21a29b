import ModemProtocol
import Testing

@Suite struct AccessTableTests {
    private let table = AccessTable(rows: [
        .init(.imsi(prefix: "26201"), AccessProfile(apn: "operator")),
        .init(.imsi(prefix: "262017"), AccessProfile(apn: "reseller")),
        .init(.iccid(prefix: "894901"), AccessProfile(apn: "card")),
    ])

    @Test func theLongestPrefixOfAnIMSIWins() {
        #expect(table.profile(iccid: nil, imsi: "262011234567890").apn == "operator")
        #expect(table.profile(iccid: nil, imsi: "262017234567890").apn == "reseller")
    }

    @Test func aRowForTheCardGoesBeforeOneForTheOperator() {
        #expect(table.profile(iccid: "8949010000000000001", imsi: "262017234567890").apn == "card")
    }

    @Test func aSIMThatNoRowKnowsLeavesTheChoiceToTheNetwork() {
        #expect(table.profile(iccid: "8988", imsi: "310260123456789") == AccessProfile())
    }

    @Test func anOverrideIsForEverySIM() {
        var overridden = table
        overridden.override = AccessProfile(apn: "fixed", user: "u")
        #expect(overridden.profile(iccid: "894901", imsi: "26201").apn == "fixed")
        #expect(overridden.profile(iccid: nil, imsi: nil).authentication == .chap)
    }
}
