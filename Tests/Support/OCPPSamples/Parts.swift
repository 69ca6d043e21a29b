public import OCPP
public import Primitives

extension OCPPSamples {
    /// The time in all samples.
    public static let moment = Timestamp(millisecondsSinceEpoch: 1_795_626_000_123)

    static let idTagInfo = IdTagInfo(expiryDate: moment, parentIdTag: "group-1", status: .concurrentTx)

    static let keyValues = [
        KeyValue(key: "HeartbeatInterval", readonly: false, value: "20"),
        KeyValue(key: "StopTxnSampledData", readonly: true),
    ]

    static let localList = [
        AuthorizationData(idTag: "04A1B2C3D4", idTagInfo: idTagInfo),
        AuthorizationData(idTag: "deleted"),
    ]

    static let meterValue = MeterValue(
        timestamp: moment,
        sampledValue: OneOrMore(
            SampledValue(
                value: "21.5",
                context: .sampleClock,
                format: .raw,
                measurand: .temperature,
                phase: .l1N,
                location: .body,
                unit: .celsius
            ),
            SampledValue(value: "123456")
        )
    )

    static let plainMeterValue = MeterValue(timestamp: moment, sampledValue: OneOrMore(SampledValue(value: "0")))

    static let chargingSchedule = ChargingSchedule(
        duration: 86_400,
        startSchedule: moment,
        chargingRateUnit: .a,
        chargingSchedulePeriod: OneOrMore(
            ChargingSchedulePeriod(startPeriod: 0, limit: ChargingRate(tenths: 81), numberPhases: 3),
            ChargingSchedulePeriod(startPeriod: 3600, limit: ChargingRate(16))
        ),
        minChargingRate: ChargingRate(tenths: 3)
    )

    static let chargingProfile = ChargingProfile(
        chargingProfileId: 1,
        transactionId: 4711,
        stackLevel: 0,
        chargingProfilePurpose: .txProfile,
        chargingProfileKind: .recurring,
        recurrencyKind: .daily,
        validFrom: moment,
        validTo: moment,
        chargingSchedule: chargingSchedule
    )

    /// A profile with a limit of 8.1 A.
    public static let setChargingProfile = OCPPRequest.setChargingProfile(
        .init(connectorId: 1, csChargingProfiles: chargingProfile)
    )

    /// Readings, one of them a temperature.
    public static let meterValues = OCPPRequest.meterValues(.init(connectorId: 1, meterValue: OneOrMore(meterValue)))
}
