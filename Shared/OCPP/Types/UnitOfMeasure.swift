/// Unit of a reading. OCPP 1.6 §7.45. There is none for hertz, revolutions and the power factor: leave the field out (E §3.86).
public enum UnitOfMeasure: String, ClosedEnumeration {
    case wh = "Wh"
    case kWh
    case varh
    case kvarh
    case w = "W"
    case kW
    case va = "VA"
    case kVA
    case `var`
    case kvar
    case a = "A"
    case v = "V"
    /// Written with the typing error of the first schemas, which older central systems insist on; read in both spellings (JE §2.1).
    case celsius = "Celcius"
    case fahrenheit = "Fahrenheit"
    case k = "K"
    case percent = "Percent"

    /// Reads either spelling of Celsius.
    /// - Throws: `DecodingError.dataCorrupted` with `ConstraintViolation.property` for an unknown unit.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if try container.decode(String.self) == "Celsius" {
            self = .celsius
        } else {
            self = try Self.oneOfTheCases(decoder)
        }
    }
}
