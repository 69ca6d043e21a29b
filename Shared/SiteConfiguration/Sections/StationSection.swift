/// `station`: who the charge point says it is in BootNotification (OCPP 1.6 §6.3). Lengths are those of the fields there.
public struct StationSection: Decodable, Equatable, Sendable {
    /// Required, 1…20 characters.
    public var chargePointVendor: String
    /// Required, 1…20 characters.
    public var chargePointModel: String
    /// 1…25 characters.
    public var chargePointSerialNumber: String?
    /// Deprecated by the specification, 1…25 characters.
    public var chargeBoxSerialNumber: String?
    /// 1…50 characters; nil means the version of the software.
    public var firmwareVersion: String?
    /// 1…25 characters.
    public var meterType: String?
    /// 1…25 characters.
    public var meterSerialNumber: String?
    /// Of the SIM card, 1…20 characters.
    public var iccid: String?
    /// Of the SIM card, 1…20 characters.
    public var imsi: String?

    private enum CodingKeys: String, CodingKey {
        case chargePointVendor, chargePointModel, chargePointSerialNumber, chargeBoxSerialNumber, firmwareVersion
        case meterType, meterSerialNumber, iccid, imsi
    }

    /// - Throws: `DecodingError` with the path and the range.
    public init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder, keyedBy: CodingKeys.self)
        chargePointVendor = try fields.text(.chargePointVendor, 1...20)
        chargePointModel = try fields.text(.chargePointModel, 1...20)
        chargePointSerialNumber = try fields.optionalText(.chargePointSerialNumber, 1...25)
        chargeBoxSerialNumber = try fields.optionalText(.chargeBoxSerialNumber, 1...25)
        firmwareVersion = try fields.optionalText(.firmwareVersion, 1...50)
        meterType = try fields.optionalText(.meterType, 1...25)
        meterSerialNumber = try fields.optionalText(.meterSerialNumber, 1...25)
        iccid = try fields.optionalText(.iccid, 1...20)
        imsi = try fields.optionalText(.imsi, 1...20)
    }
}
