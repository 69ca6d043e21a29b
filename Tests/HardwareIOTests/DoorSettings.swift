// Shared/SiteConfiguration/Sections/DoorSettings.swift
internal import Primitives
public import SiteConfiguration

/// Of a contact on a serial port.
public struct DoorSettings: DriverSettings {
    public var serial: SerialLineSettings

    public init(_ fields: Fields) { serial = SerialLineSettings(fields, standard: LineSettings(baud: 9600)) }

    public var claims: [DriverClaim] { [serial.claim(of: "door", address: nil)] }
}
