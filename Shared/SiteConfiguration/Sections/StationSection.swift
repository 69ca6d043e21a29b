/// `station`: who the charge point says it is in BootNotification (OCPP 1.6 §6.3). Lengths are those of the fields there.
public struct StationSection: SiteReadable, Equatable, Sendable {
    public var chargePointVendor: String
    public var chargePointModel: String
    public var chargePointSerialNumber: String?
    public var chargeBoxSerialNumber: String?
    /// Nil means the version of the software.
    public var firmwareVersion: String?
    public var meterType: String?
    public var meterSerialNumber: String?
    public var iccid: String?
    public var imsi: String?

    public init(_ fields: Fields) {
        chargePointVendor = fields.text("chargePointVendor", 1...20, "The vendor's name.")
        chargePointModel = fields.text("chargePointModel", 1...20, "The model's name.")
        chargePointSerialNumber = fields.optionalText("chargePointSerialNumber", 1...25, "Of the charge point.")
        chargeBoxSerialNumber = fields.optionalText(
            "chargeBoxSerialNumber",
            1...25,
            "Of the box inside; deprecated by the specification."
        )
        firmwareVersion = fields.optionalText("firmwareVersion", 1...50, "Instead of the version of the software.")
        meterType = fields.optionalText("meterType", 1...25, "Type of the main meter.")
        meterSerialNumber = fields.optionalText("meterSerialNumber", 1...25, "Serial number of the main meter.")
        iccid = fields.optionalText("iccid", 1...20, "Of the SIM card.")
        imsi = fields.optionalText("imsi", 1...20, "Of the SIM card.")
    }
}
