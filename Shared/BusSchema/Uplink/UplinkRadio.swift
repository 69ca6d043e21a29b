/// What a modem tells of itself and of its network, as part of `uplink.state`.
public struct UplinkRadio: Codable, Equatable, Sendable {
    /// RSRP of LTE, RSSI otherwise, dBm.
    public var signalDbm: Int?
    /// `LTE`, `3G` …
    public var technology: String?
    public var operatorName: String?
    /// MCC and MNC, five or six digits.
    public var operatorCode: String?
    /// Area code and cell, hexadecimal, with a slash between.
    public var cell: String?
    /// Of the SIM, at most 20 digits (OCPP 1.6 §6.5 iccid).
    public var iccid: String?
    /// Of the SIM, at most 20 digits (OCPP 1.6 §6.5 imsi).
    public var imsi: String?
    /// What the network or the modem gave last as the reason of an end or a refusal.
    public var cause: String?

    public init(
        signalDbm: Int? = nil,
        technology: String? = nil,
        operatorName: String? = nil,
        operatorCode: String? = nil,
        cell: String? = nil,
        iccid: String? = nil,
        imsi: String? = nil,
        cause: String? = nil
    ) {
        self.signalDbm = signalDbm
        self.technology = technology
        self.operatorName = operatorName
        self.operatorCode = operatorCode
        self.cell = cell
        self.iccid = iccid
        self.imsi = imsi
        self.cause = cause
    }
}
